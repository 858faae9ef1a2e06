"""Counts attempts and limits their rate; knows no HTTP."""

import math
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from uuid import UUID

import structlog
from plumbline import TooManyAttempts, now
from sqlalchemy.ext.asyncio import AsyncSession

from ...tokens import digest
from .models import Attempt
from .repository import AttemptRepository
from .settings import Settings

log = structlog.get_logger()

SITE_PREFIX: Final = 64  # bits of an IPv6 address that a provider gives to one customer: RFC 6177


@dataclass(frozen=True)
class PendingAttempt:
    """An attempt whose outcome is unknown yet: the ids of its rows, and its account if any."""

    keys: list[UUID]
    account: str | None


class AttemptService:
    """The rules, within the transaction of one session.

    An attempt counts before its outcome is known, as many may be pending at once. It must be
    committed even if the request fails later: `begin` needs a transaction of its own.
    """

    def __init__(self, session: AsyncSession, rules: Settings) -> None:
        self._repository = AttemptRepository(session)
        self._rules = rules

    async def begin(self, address: str, account: str | None = None) -> PendingAttempt:
        """Count an attempt, from a network address, for an account. Raises `TooManyAttempts`."""
        moment, window = now(), timedelta(minutes=self._rules.minutes)
        await self._repository.remove_older(moment - window)
        limits = {digest(f"address {_network(address)}"): self._rules.per_address}
        if account is not None:
            limits[digest(f"account {account}")] = self._rules.per_account
        for subject, limit in limits.items():
            times = await self._repository.times(subject)
            if len(times) >= limit:
                wait = _seconds(times[-limit] + window - moment)
                log.warning("attempts.limited", address=address)
                raise TooManyAttempts(f"Too many attempts; try again in {wait} seconds.", wait)
        rows = [Attempt(subject=subject, made_at=moment) for subject in limits]
        await self._repository.add(rows)
        return PendingAttempt([row.id for row in rows], account)

    async def succeed(self, attempt: PendingAttempt) -> None:
        """Delete a successful attempt, and all earlier ones of its account."""
        await self._repository.remove(attempt.keys)
        if attempt.account is not None:
            await self._repository.remove_all(digest(f"account {attempt.account}"))


def _network(address: str) -> str:
    """Return the network that shares one limit: group an IPv6 address by its /64."""
    try:
        found = ip_address(address)
    except ValueError:  # a name that a proxy sends
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped:  # IPv4 on a dual-stack socket
        return str(found.ipv4_mapped)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, SITE_PREFIX), strict=False))
    return str(found)


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))

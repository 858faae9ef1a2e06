"""Who has tried too often; knows no HTTP."""

import math
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from ...errors import TooManyAttempts
from ...orm import now
from ...tokens import digest
from .models import Attempt
from .repository import AttemptRepository
from .settings import Settings

log = structlog.get_logger()

ONE_SITE: Final = 64  # bits of an IPv6 address that a provider gives to one customer: RFC 6177


@dataclass(frozen=True)
class Begun:
    """An attempt whose outcome is not known yet: its rows, and its account if it was for one."""

    keys: list[UUID]
    account: str | None


class AttemptService:
    """The use cases, within the transaction of one session.

    An attempt counts before its outcome is known, as many may be under way at once. That it began
    must be committed even when it fails: it needs a transaction of its own.
    """

    def __init__(self, session: AsyncSession, rules: Settings) -> None:
        self._repository = AttemptRepository(session)
        self._rules = rules

    async def begin(self, address: str, account: str | None = None) -> Begun:
        """Count an attempt, from a network address, for an account. Raises `TooManyAttempts`."""
        moment, window = now(), timedelta(minutes=self._rules.minutes)
        await self._repository.remove_older(moment - window)
        most = {digest(f"address {_network(address)}"): self._rules.per_address}
        if account is not None:
            most[digest(f"account {account}")] = self._rules.per_account
        for subject, limit in most.items():
            times = await self._repository.times(subject)
            if len(times) >= limit:
                wait = _seconds(times[-limit] + window - moment)
                log.warning("attempts.limited", address=address)
                raise TooManyAttempts(f"Too many attempts; try again in {wait} seconds.", wait)
        rows = [Attempt(subject=subject, made_at=moment) for subject in most]
        await self._repository.add(rows)
        return Begun([row.id for row in rows], account)

    async def succeed(self, begun: Begun) -> None:
        """Take an attempt back, and forgive the account those before it."""
        await self._repository.remove(begun.keys)
        if begun.account is not None:
            await self._repository.remove_all(digest(f"account {begun.account}"))


def _network(address: str) -> str:
    """Whose an address is: nobody gets past a limit who has as many as there are in one network."""
    try:
        found = ip_address(address)
    except ValueError:  # what a proxy calls it
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped:  # what a socket for both calls it
        return str(found.ipv4_mapped)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, ONE_SITE), strict=False))
    return str(found)


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))

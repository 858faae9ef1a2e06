"""What can be done with API keys, and the rules for it; knows no HTTP."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from plumbline import Caller, Conflict, Forbidden, NotFound, now
from sqlalchemy.ext.asyncio import AsyncSession

from ...tokens import digest, new_token
from ..access import FoundCredential
from .models import ApiKey
from .repository import ApiKeyRepository
from .schemas import ApiKeyCreate

PREFIX: Final = "idk_"  # by which secret scanners find leaked keys
PREFIX_LENGTH: Final = 12  # characters that are shown; the 35 others are 210 of the 256 random bits
MAX_KEYS: Final = 50  # of a user


class ApiKeyService:
    """The rules, within the transaction of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._repository = ApiKeyRepository(session)

    async def create(self, caller: Caller, new: ApiKeyCreate) -> tuple[ApiKey, str]:
        """Store a new one; return the key, too, which is not stored.

        Raises `Conflict` when the user has `MAX_KEYS`, and `Forbidden` for a scope that the caller
        lacks: an API key creates none with more scopes or a later end than its own.
        """
        for scope in sorted(new.scopes):
            if not caller.may(scope):
                raise Forbidden(
                    f"This API key does not permit {scope}, so it can create none that does."
                )
        key, moment = new_token(PREFIX), now()
        await self._repository.remove_expired(moment)
        if await self._repository.count(caller.user) >= MAX_KEYS:
            raise Conflict(f"You have {MAX_KEYS} API keys: revoke one first.")
        expires_at = moment + timedelta(days=new.expires_in_days)
        row = ApiKey(
            user_id=caller.user,
            digest=digest(key),
            prefix=key[:PREFIX_LENGTH],
            name=new.name,
            scopes=" ".join(sorted(new.scopes)),
            created_at=moment,
            expires_at=expires_at if caller.scopes is None else min(expires_at, caller.expires_at),
        )
        await self._repository.add(row)
        return row, key

    async def find(self, secret: str) -> FoundCredential | None:
        """Return the caller that this key belongs to, unless it has expired."""
        row = await self._repository.get_by_digest(digest(secret))
        if row is None or now() >= row.expires_at:
            return None
        scopes = frozenset(row.scopes.split())
        caller = Caller(row.user_id, row.id, scopes, row.expires_at)
        return FoundCredential(caller, row.used_at)

    async def record_use(self, key: UUID) -> None:
        """Record that the key with this id is in use now, if it still exists."""
        await self._repository.record_use(key, now())

    async def page(self, user: UUID, after: UUID | None, limit: int) -> list[ApiKey]:
        """Return at most `limit` keys of a user, oldest first, after the id `after`."""
        return await self._repository.page(user, after, limit)

    async def revoke(self, user: UUID, key: UUID) -> None:
        """Delete one of the user's keys, which is invalid at once. Raises `NotFound`."""
        if not await self._repository.remove(user, key):
            raise NotFound(f"There is no API key {key}.")

"""What can be done with API keys, and the rules for it; knows no HTTP."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from ...errors import Conflict, Forbidden, NotFound
from ...orm import now
from ...tokens import digest, new_token
from ..access import Caller, Found
from .models import ApiKey
from .repository import ApiKeyRepository
from .schemas import ApiKeyCreate

PREFIX: Final = "idk_"  # by which programs find keys that have got into the wrong place
SHOWN: Final = 12  # letters; the 35 others are 210 of the 256 random bits
MOST: Final = 50  # of a user


class ApiKeyService:
    """The use cases, within the transaction of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._repository = ApiKeyRepository(session)

    async def create(self, caller: Caller, new: ApiKeyCreate) -> tuple[ApiKey, str]:
        """Store a new one; gives the key, too, which nobody keeps.

        Raises `Conflict` when the user has many, and `Forbidden` for a scope that the caller lacks:
        a key makes none that can do more, or lives longer, than itself.
        """
        for scope in sorted(new.scopes):
            if not caller.may(scope):
                raise Forbidden(f"This API key is not for {scope}, so it makes none that is.")
        key, moment = new_token(PREFIX), now()
        await self._repository.remove_expired(moment)
        if await self._repository.count(caller.user) >= MOST:
            raise Conflict(f"You have {MOST} API keys: revoke one first.")
        expires_at = moment + timedelta(days=new.expires_in_days)
        row = ApiKey(
            user_id=caller.user,
            digest=digest(key),
            prefix=key[:SHOWN],
            name=new.name,
            scopes=" ".join(sorted(new.scopes)),
            created_at=moment,
            expires_at=expires_at if caller.scopes is None else min(expires_at, caller.expires_at),
        )
        await self._repository.add(row)
        return row, key

    async def find(self, secret: str) -> Found | None:
        """Whose key this is, unless it has expired."""
        row = await self._repository.get_by_digest(digest(secret))
        if row is None or now() >= row.expires_at:
            return None
        scopes = frozenset(row.scopes.split())
        caller = Caller(row.user_id, row.id, scopes, row.expires_at)
        return Found(caller, row.used_at)

    async def note_use(self, key: UUID) -> None:
        """Remember that the key with this id is in use now, if it is still there."""
        await self._repository.note_use(key, now())

    async def page(self, user: UUID, after: UUID | None, limit: int) -> list[ApiKey]:
        """At most `limit` keys of a user, oldest first, from behind the id `after` on."""
        return await self._repository.page(user, after, limit)

    async def revoke(self, user: UUID, key: UUID) -> None:
        """Make one of the user's keys worthless. Raises `NotFound`."""
        if not await self._repository.remove(user, key):
            raise NotFound(f"There is no API key {key}.")

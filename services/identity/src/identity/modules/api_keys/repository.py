"""Every query about API keys; flushes, never commits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .models import ApiKey


class ApiKeyRepository:
    """The rows, within the transaction of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ApiKey) -> None:
        """Store a new row."""
        self._session.add(row)
        await self._session.flush()

    async def get_by_digest(self, digest: bytes) -> ApiKey | None:
        """The row of a key, if there is one."""
        found: ApiKey | None = await self._session.scalar(
            select(ApiKey).where(ApiKey.digest == digest)
        )
        return found

    async def count(self, user: UUID) -> int:
        """How many a user has."""
        own = select(func.count()).select_from(ApiKey).where(ApiKey.user_id == user)
        return await self._session.scalar(own) or 0

    async def page(self, user: UUID, after: UUID | None, limit: int) -> list[ApiKey]:
        """At most `limit` rows of a user, oldest first, from behind the id `after` on."""
        query = select(ApiKey).where(ApiKey.user_id == user).order_by(ApiKey.id)
        if after is not None:
            query = query.where(ApiKey.id > after)
        return list(await self._session.scalars(query.limit(limit)))

    async def remove_expired(self, now: datetime) -> None:
        """Delete what has expired, whoever it belongs to."""
        await self._session.execute(delete(ApiKey).where(ApiKey.expires_at <= now))

    async def note_use(self, key: UUID, now: datetime) -> None:
        """Store that the row with this id is in use, if it is there."""
        await self._session.execute(update(ApiKey).where(ApiKey.id == key).values(used_at=now))

    async def remove(self, user: UUID, key: UUID) -> bool:
        """Delete the row with this id, if the user has it; tells whether there was one."""
        row = delete(ApiKey).where(ApiKey.user_id == user, ApiKey.id == key)
        return bool(await self._session.scalar(row.returning(ApiKey.id)))

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
        """Return the row with this digest, if there is one."""
        found: ApiKey | None = await self._session.scalar(
            select(ApiKey).where(ApiKey.digest == digest)
        )
        return found

    async def count(self, user: UUID) -> int:
        """Return how many rows a user has."""
        own = select(func.count()).select_from(ApiKey).where(ApiKey.user_id == user)
        return await self._session.scalar(own) or 0

    async def page(self, user: UUID, after: UUID | None, limit: int) -> list[ApiKey]:
        """Return at most `limit` rows of a user, oldest first, after the id `after`."""
        query = select(ApiKey).where(ApiKey.user_id == user).order_by(ApiKey.id)
        if after is not None:
            query = query.where(ApiKey.id > after)
        return list(await self._session.scalars(query.limit(limit)))

    async def remove_expired(self, now: datetime) -> None:
        """Delete the expired rows of all users."""
        await self._session.execute(delete(ApiKey).where(ApiKey.expires_at <= now))

    async def record_use(self, key: UUID, now: datetime) -> None:
        """Store the time of the last use of the row with this id, if there is one."""
        await self._session.execute(update(ApiKey).where(ApiKey.id == key).values(used_at=now))

    async def remove(self, user: UUID, key: UUID) -> bool:
        """Delete the row with this id if it is the user's; return whether it was."""
        row = delete(ApiKey).where(ApiKey.user_id == user, ApiKey.id == key)
        return bool(await self._session.scalar(row.returning(ApiKey.id)))

"""Every query about api keys; flushes, never commits."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .models import ApiKey


class ApiKeyRepository:
    """The rows, within the transaction of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ApiKey) -> None:
        """Store a new row. Raises `Conflict` when its name is taken."""
        self._session.add(row)
        await self._session.flush()

    async def get(self, key: UUID) -> ApiKey | None:
        """The row with this id, if there is one."""
        return await self._session.get(ApiKey, key)

    async def page(self, after: UUID | None, limit: int) -> list[ApiKey]:
        """At most `limit` rows, oldest first, from behind the id `after` on."""
        query = select(ApiKey).order_by(ApiKey.id)
        if after is not None:
            query = query.where(ApiKey.id > after)
        return list(await self._session.scalars(query.limit(limit)))

    async def save(self, row: ApiKey) -> None:
        """Store what was changed in a row. Raises `Conflict` when its new name is taken."""
        self._session.add(row)
        await self._session.flush()

    async def remove(self, row: ApiKey) -> None:
        """Delete a row. Raises `Conflict` when others refer to it."""
        await self._session.delete(row)
        await self._session.flush()

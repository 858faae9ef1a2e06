"""Every query about users; flushes, never commits."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .models import User


class UserRepository:
    """The rows, within the transaction of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: User) -> None:
        """Store a new row. Raises `Conflict` when its name is taken."""
        self._session.add(row)
        await self._session.flush()

    async def get(self, key: UUID) -> User | None:
        """The row with this id, if there is one."""
        return await self._session.get(User, key)

    async def page(self, after: UUID | None, limit: int) -> list[User]:
        """At most `limit` rows, oldest first, from behind the id `after` on."""
        query = select(User).order_by(User.id)
        if after is not None:
            query = query.where(User.id > after)
        return list(await self._session.scalars(query.limit(limit)))

    async def save(self, row: User) -> None:
        """Store what was changed in a row. Raises `Conflict` when its new name is taken."""
        self._session.add(row)
        await self._session.flush()

    async def remove(self, row: User) -> None:
        """Delete a row. Raises `Conflict` when others refer to it."""
        await self._session.delete(row)
        await self._session.flush()

"""Every query about sessions; flushes, never commits."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Session


class SessionRepository:
    """The rows, within the transaction of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Session) -> None:
        """Store a new row. Raises `Conflict` when its name is taken."""
        self._session.add(row)
        await self._session.flush()

    async def get(self, key: UUID) -> Session | None:
        """The row with this id, if there is one."""
        return await self._session.get(Session, key)

    async def page(self, after: UUID | None, limit: int) -> list[Session]:
        """At most `limit` rows, oldest first, from behind the id `after` on."""
        query = select(Session).order_by(Session.id)
        if after is not None:
            query = query.where(Session.id > after)
        return list(await self._session.scalars(query.limit(limit)))

    async def save(self, row: Session) -> None:
        """Store what was changed in a row. Raises `Conflict` when its new name is taken."""
        self._session.add(row)
        await self._session.flush()

    async def remove(self, row: Session) -> None:
        """Delete a row. Raises `Conflict` when others refer to it."""
        await self._session.delete(row)
        await self._session.flush()

"""Every query about notes; flushes, never commits."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Note


class NoteRepository:
    """The rows, within the transaction of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def save(self, row: Note) -> None:
        """Store a new or changed row. Raises `Conflict` when its title is taken."""
        self._session.add(row)
        await self._session.flush()

    async def get(self, note_id: UUID) -> Note | None:
        """Return the row with this id, if there is one."""
        return await self._session.get(Note, note_id)

    async def list(self, after: UUID | None, limit: int) -> list[Note]:
        """Return at most `limit` rows behind the id `after`, oldest first."""
        query = select(Note).order_by(Note.id)
        if after is not None:
            query = query.where(Note.id > after)
        return list(await self._session.scalars(query.limit(limit)))

    async def remove(self, row: Note) -> None:
        """Delete a row."""
        await self._session.delete(row)
        await self._session.flush()

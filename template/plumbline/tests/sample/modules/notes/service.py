"""The rules for notes; knows no HTTP."""

from collections.abc import Collection
from uuid import UUID

from plumbline import NotFound, PreconditionFailed
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Note
from .repository import NoteRepository
from .schemas import NoteCreate, NoteUpdate


class NoteService:
    """The use cases, within one transaction; `expected` are versions, None accepts any."""

    def __init__(self, session: AsyncSession) -> None:
        self._repository = NoteRepository(session)

    async def create(self, new: NoteCreate) -> Note:
        """Store a new note. Raises `Conflict` when its title is taken."""
        row = Note(**new.model_dump())
        await self._repository.save(row)
        return row

    async def get(self, note_id: UUID) -> Note:
        """Return the note with this id. Raises `NotFound`."""
        row = await self._repository.get(note_id)
        if row is None:
            raise NotFound(f"There is no note {note_id}.")
        return row

    async def list(self, after: UUID | None, limit: int) -> list[Note]:
        """Return at most `limit` notes behind the id `after`, oldest first."""
        return await self._repository.list(after, limit)

    async def update(
        self, note_id: UUID, changes: NoteUpdate, expected: Collection[int] | None
    ) -> Note:
        """Change the given fields. Raises `NotFound`, `PreconditionFailed` or `Conflict`."""
        row = await self._get_expected(note_id, expected)
        for field, value in changes.model_dump(exclude_unset=True).items():
            setattr(row, field, value)
        await self._repository.save(row)
        return row

    async def delete(self, note_id: UUID, expected: Collection[int] | None) -> None:
        """Remove a note. Raises `NotFound` or `PreconditionFailed`."""
        await self._repository.remove(await self._get_expected(note_id, expected))

    async def _get_expected(self, note_id: UUID, expected: Collection[int] | None) -> Note:
        row = await self.get(note_id)
        if expected is not None and row.version not in expected:
            raise PreconditionFailed(f"It has changed: its version is now {row.version}.")
        return row

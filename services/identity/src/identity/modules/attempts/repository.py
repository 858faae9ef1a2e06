"""Every query about attempts; flushes, never commits."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Attempt


class AttemptRepository:
    """The rows, within the transaction of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, rows: Collection[Attempt]) -> None:
        """Store new rows."""
        self._session.add_all(rows)
        await self._session.flush()

    async def times(self, subject: bytes) -> list[datetime]:
        """Return the times of the attempts of a subject, oldest first."""
        query = select(Attempt.made_at).where(Attempt.subject == subject)
        return list(await self._session.scalars(query.order_by(Attempt.made_at)))

    async def remove(self, keys: Collection[UUID]) -> None:
        """Delete the rows with these ids."""
        await self._session.execute(delete(Attempt).where(Attempt.id.in_(keys)))

    async def remove_all(self, subject: bytes) -> None:
        """Delete all rows of a subject."""
        await self._session.execute(delete(Attempt).where(Attempt.subject == subject))

    async def remove_older(self, moment: datetime) -> None:
        """Delete the attempts of all subjects up to a moment."""
        await self._session.execute(delete(Attempt).where(Attempt.made_at <= moment))

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
        """Store a new row. Raises `Conflict` when its e-mail is taken."""
        self._session.add(row)
        await self._session.flush()

    async def get(self, key: UUID) -> User | None:
        """Return the row with this id, if there is one."""
        return await self._session.get(User, key)

    async def get_by_email(self, email: str) -> User | None:
        """Return the row with this e-mail, in lower case, if there is one."""
        found: User | None = await self._session.scalar(select(User).where(User.email == email))
        return found

    async def save(self, row: User) -> None:
        """Store what was changed in a row."""
        self._session.add(row)
        await self._session.flush()

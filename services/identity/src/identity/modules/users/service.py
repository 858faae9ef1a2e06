"""What can be done with users, and the rules for it; knows no HTTP."""

from uuid import UUID

from plumbline import Unauthenticated
from sqlalchemy.ext.asyncio import AsyncSession

from .models import User
from .repository import UserRepository


class UserService:
    """The rules, within the transaction of one session.

    Hashing is slow, so it happens outside of any transaction: see `passwords.py`.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._repository = UserRepository(session)

    async def register(self, email: str, password_hash: str) -> User:
        """Store a new one. Raises `Conflict` when the e-mail is taken."""
        row = User(email=email, password_hash=password_hash)
        await self._repository.add(row)
        return row

    async def get(self, key: UUID) -> User:
        """Return the user with this id. Raises `Unauthenticated` for a deleted one."""
        row = await self._repository.get(key)
        if row is None:
            raise Unauthenticated("There is no such user any more.")
        return row

    async def find(self, email: str) -> User | None:
        """Return the user with this e-mail, if there is one."""
        return await self._repository.get_by_email(email)

    async def confirm(self, verified: User, password_hash: str | None = None) -> None:
        """Check that a password verified before this transaction is current; store its new hash.

        Raises `Unauthenticated` if it was changed meanwhile.
        """
        row = await self.get(verified.id)
        if row.password_hash != verified.password_hash:
            raise Unauthenticated("The password has just been changed.")
        if password_hash is not None:
            row.password_hash = password_hash
            await self._repository.save(row)

"""Every query about sessions; flushes, never commits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .models import UserSession


class SessionRepository:
    """The rows, within the transaction of one session of the database."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: UserSession) -> None:
        """Store a new row."""
        self._session.add(row)
        await self._session.flush()

    async def get_by_digest(self, digest: bytes) -> UserSession | None:
        """Return the row with this digest, if there is one."""
        query = select(UserSession).where(UserSession.digest == digest)
        found: UserSession | None = await self._session.scalar(query)
        return found

    async def page(
        self,
        user: UUID,
        now: datetime,
        used_after: datetime,
        after: UUID | None,
        limit: int,
    ) -> list[UserSession]:
        """Return at most `limit` unended rows of a user, oldest first, after the id `after`."""
        query = select(UserSession).where(
            UserSession.user_id == user,
            UserSession.expires_at > now,
            UserSession.used_at > used_after,
        )
        if after is not None:
            query = query.where(UserSession.id > after)
        return list(await self._session.scalars(query.order_by(UserSession.id).limit(limit)))

    async def record_use(self, key: UUID, now: datetime) -> None:
        """Store the time of the last use of the row with this id, if there is one."""
        row = update(UserSession).where(UserSession.id == key)
        await self._session.execute(row.values(used_at=now))

    async def remove(self, user: UUID, key: UUID) -> bool:
        """Delete the row with this id if it is the user's; return whether it was."""
        row = delete(UserSession).where(UserSession.user_id == user, UserSession.id == key)
        return bool(await self._session.scalar(row.returning(UserSession.id)))

    async def remove_by_digest(self, digest: bytes) -> None:
        """Delete the row with this digest, if there is one."""
        await self._session.execute(delete(UserSession).where(UserSession.digest == digest))

    async def remove_all(self, user: UUID) -> None:
        """Delete all rows of a user."""
        await self._session.execute(delete(UserSession).where(UserSession.user_id == user))

    async def remove_expired(self, now: datetime) -> None:
        """Delete the expired rows of all users."""
        await self._session.execute(delete(UserSession).where(UserSession.expires_at <= now))

    async def keep_newest(self, user: UUID, count: int) -> None:
        """Delete all rows of a user but the newest `count`."""
        own = select(UserSession.id).where(UserSession.user_id == user)
        oldest = own.order_by(UserSession.id.desc()).offset(count)
        await self._session.execute(delete(UserSession).where(UserSession.id.in_(oldest)))

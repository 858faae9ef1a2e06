"""What can be done with sessions, and the rules for it; knows no HTTP."""

from uuid import UUID

from plumbline import Caller, NotFound, now
from sqlalchemy.ext.asyncio import AsyncSession

from ...tokens import digest, new_token
from ..access import FoundCredential
from .models import UserSession
from .repository import SessionRepository
from .settings import Settings


class SessionService:
    """The rules, within the transaction of one session of the database."""

    def __init__(self, session: AsyncSession, rules: Settings) -> None:
        self._repository = SessionRepository(session)
        self._rules = rules

    async def open(self, user: UUID, address: str, agent: str) -> str:
        """Open a session of a user; return its token, of which only the digest is stored."""
        token, moment = new_token(), now()
        row = UserSession(
            user_id=user,
            digest=digest(token),
            address=address,
            agent=agent,
            created_at=moment,
            used_at=moment,
            expires_at=moment + self._rules.lifetime,
        )
        await self._repository.remove_expired(moment)
        await self._repository.add(row)
        await self._repository.keep_newest(user, self._rules.max_sessions)
        return token

    async def find(self, secret: str) -> FoundCredential | None:
        """Return the caller that the session of this token belongs to, unless it has ended."""
        row = await self._repository.get_by_digest(digest(secret))
        moment = now()
        if row is None or moment >= min(row.expires_at, row.used_at + self._rules.idle):
            return None
        caller = Caller(row.user_id, row.id, scopes=None, expires_at=row.expires_at)
        return FoundCredential(caller, row.used_at)

    async def record_use(self, key: UUID) -> None:
        """Record that the session with this id is in use now, if it still exists."""
        await self._repository.record_use(key, now())

    async def page(self, user: UUID, after: UUID | None, limit: int) -> list[UserSession]:
        """Return at most `limit` sessions of a user, oldest first, after the id `after`."""
        moment = now()
        used_after = moment - self._rules.idle
        return await self._repository.page(user, moment, used_after, after, limit)

    async def end(self, user: UUID, key: UUID) -> None:
        """End one of the user's sessions. Raises `NotFound`."""
        if not await self._repository.remove(user, key):
            raise NotFound(f"There is no session {key}.")

    async def end_by_token(self, token: str) -> None:
        """End the session of this token, if there is one."""
        await self._repository.remove_by_digest(digest(token))

    async def end_all(self, user: UUID) -> None:
        """End all sessions of a user."""
        await self._repository.remove_all(user)

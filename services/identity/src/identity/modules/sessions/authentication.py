"""Login and change of password, in several transactions: none is open while hashing."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends
from plumbline import Caller, Forbidden, Unauthenticated
from plumbline.database import Database
from plumbline.http import CurrentDatabase, settings_of

from ...peer import CurrentPeer, Peer
from ..attempts import AttemptService, PendingAttempt
from ..attempts import Settings as AttemptSettings
from ..users import UserRead, UserService, hash_password, verify_password
from .schemas import Login, PasswordChange
from .service import SessionService
from .settings import Settings

log = structlog.get_logger()

Rules = Annotated[Settings, Depends(settings_of(Settings))]
AttemptRules = Annotated[AttemptSettings, Depends(settings_of(AttemptSettings))]


@dataclass(frozen=True)
class Authentication:
    """The use cases, for the client of one request.

    An attempt is counted before the password is verified, and deleted if that was right. The
    transaction that follows is retried alone: nothing is counted or hashed again.
    """

    database: Database
    peer: Peer
    rules: Settings
    attempt_rules: AttemptSettings

    async def login(self, given: Login, old_token: str | None) -> tuple[UserRead, str]:
        """Open a session in place of the old one; return the user and its token.

        Raises `Unauthenticated`, alike for a wrong e-mail and a wrong password, or
        `TooManyAttempts`.
        """
        attempt = await self._begin(given.email)
        async with self.database.read() as session:
            user = await UserService(session).find(given.email)
        stored = user.password_hash if user else None
        matches, renewed = await verify_password(given.password, stored)
        if user is None or not matches:
            self._log("login.failed", user.id if user else None)
            raise Unauthenticated("The e-mail or the password is wrong.")

        async def open_session() -> str:
            async with self.database.write() as session:
                await UserService(session).confirm(user, renewed)
                await AttemptService(session, self.attempt_rules).succeed(attempt)
                sessions = SessionService(session, self.rules)
                if old_token is not None:
                    await sessions.end_by_token(old_token)
                return await sessions.open(user.id, self.peer.address, self.peer.agent)

        token = await self.database.retry_on_conflict(open_session)
        self._log("login.succeeded", user.id)
        return UserRead.model_validate(user), token

    async def change_password(self, caller: Caller, given: PasswordChange) -> str | None:
        """Change it and end all sessions; return the token of a new one to a user in person.

        Raises `Forbidden` when the current password is wrong, `Invalid` when the new one is easy to
        guess, or `TooManyAttempts`.
        """
        async with self.database.read() as session:
            user = await UserService(session).get(caller.user)
        attempt = await self._begin(user.email)
        matches, _ = await verify_password(given.current, user.password_hash)
        if not matches:
            self._log("password.refused", user.id)
            raise Forbidden("The current password is wrong.")
        await self._forgive(attempt)
        new_hash = await hash_password(given.new, user.email)

        async def change() -> str | None:
            async with self.database.write() as session:
                await UserService(session).confirm(user, new_hash)
                sessions = SessionService(session, self.rules)
                await sessions.end_all(user.id)
                if caller.scopes is not None:
                    return None
                return await sessions.open(user.id, self.peer.address, self.peer.agent)

        token = await self.database.retry_on_conflict(change)
        self._log("password.changed", user.id)
        return token

    async def _begin(self, email: str) -> PendingAttempt:
        async with self.database.write() as session:
            attempts = AttemptService(session, self.attempt_rules)
            return await attempts.begin(self.peer.address, email)

    async def _forgive(self, attempt: PendingAttempt) -> None:
        async def succeed() -> None:
            async with self.database.write() as session:
                await AttemptService(session, self.attempt_rules).succeed(attempt)

        await self.database.retry_on_conflict(succeed)

    def _log(self, event: str, user: UUID | None) -> None:
        log.info(event, user=user and str(user), address=self.peer.address)


async def _authentication(
    database: CurrentDatabase,
    peer: CurrentPeer,
    rules: Rules,
    attempt_rules: AttemptRules,
) -> Authentication:
    return Authentication(database, peer, rules, attempt_rules)


CurrentAuthentication = Annotated[Authentication, Depends(_authentication)]

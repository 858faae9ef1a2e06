"""Proving who one is, in several transactions: none is open while a password is hashed."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends

from ...client import Client, CurrentClient
from ...database import Database
from ...dependencies import CurrentDatabase, settings_of
from ...errors import Forbidden, Unauthenticated
from ..access import Caller
from ..attempts import AttemptService, Begun
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

    An attempt is counted before the password is looked at, and taken back when it was right. What
    comes later is repeated alone where the database wants that: nothing is counted or hashed again.
    """

    database: Database
    client: Client
    rules: Settings
    attempt_rules: AttemptSettings

    async def login(self, given: Login, old_token: str | None) -> tuple[UserRead, str]:
        """Begin a session, in place of the old one; gives its token.

        Raises `Unauthenticated`, alike for a wrong e-mail and a wrong password, or
        `TooManyAttempts`.
        """
        attempt = await self._begin(given.email)
        async with self.database.read() as session:
            user = await UserService(session).find(given.email)
        stored = user.password_hash if user else None
        matches, renewed = await verify_password(given.password, stored)
        if user is None or not matches:
            self._tell("login.failed", user.id if user else None)
            raise Unauthenticated("The e-mail or the password is wrong.")

        async def enter() -> str:
            async with self.database.write() as session:
                await UserService(session).confirm(user, renewed)
                await AttemptService(session, self.attempt_rules).succeed(attempt)
                sessions = SessionService(session, self.rules)
                if old_token is not None:
                    await sessions.end_by_token(old_token)
                return await sessions.open(user.id, self.client.address, self.client.agent)

        token = await self.database.repeat(enter)
        self._tell("login.succeeded", user.id)
        return UserRead.model_validate(user), token

    async def change_password(self, caller: Caller, given: PasswordChange) -> str | None:
        """Change it and end all sessions; gives the token of a new one to who acts in person.

        Raises `Forbidden` when the current password is wrong, `Invalid` when the new one is easy to
        guess, or `TooManyAttempts`.
        """
        async with self.database.read() as session:
            user = await UserService(session).get(caller.user)
        attempt = await self._begin(user.email)
        matches, _ = await verify_password(given.current, user.password_hash)
        if not matches:
            self._tell("password.refused", user.id)
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
                return await sessions.open(user.id, self.client.address, self.client.agent)

        token = await self.database.repeat(change)
        self._tell("password.changed", user.id)
        return token

    async def _begin(self, email: str) -> Begun:
        async with self.database.write() as session:
            attempts = AttemptService(session, self.attempt_rules)
            return await attempts.begin(self.client.address, email)

    async def _forgive(self, attempt: Begun) -> None:
        async def succeed() -> None:
            async with self.database.write() as session:
                await AttemptService(session, self.attempt_rules).succeed(attempt)

        await self.database.repeat(succeed)

    def _tell(self, event: str, user: UUID | None) -> None:
        log.info(event, user=user and str(user), address=self.client.address)


async def _authentication(
    database: CurrentDatabase,
    client: CurrentClient,
    rules: Rules,
    attempt_rules: AttemptRules,
) -> Authentication:
    return Authentication(database, client, rules, attempt_rules)


CurrentAuthentication = Annotated[Authentication, Depends(_authentication)]

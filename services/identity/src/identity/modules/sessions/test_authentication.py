"""Authentication: what may happen while a password is hashed, and what is logged."""

from contextlib import suppress
from typing import Any

import pytest
from plumbline import Caller, Forbidden, Unauthenticated
from plumbline.database import Database
from pydantic import SecretStr
from structlog.testing import capture_logs

from ...peer import Peer
from ..attempts import Settings as AttemptSettings
from ..users import UserRead, hash_password, verify_password
from ..users.fixtures import PASSWORD
from . import authentication
from .authentication import Authentication
from .schemas import Login, PasswordChange
from .service import SessionService
from .settings import Settings

NEW = "another horse, another battery"


@pytest.fixture
def ann_authenticates(database: Database) -> Authentication:
    return Authentication(database, Peer("192.0.2.1", ""), Settings(), AttemptSettings())


async def session_of(database: Database, user: UserRead) -> Caller:
    async with database.write() as session:
        service = SessionService(session, Settings())
        found = await service.find(await service.open(user.id, "192.0.2.1", ""))
    assert found is not None
    return found.caller


async def test_login_fails_if_the_password_is_changed_meanwhile(
    database: Database,
    ann: UserRead,
    ann_authenticates: Authentication,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller = await session_of(database, ann)
    change = PasswordChange(current=SecretStr(PASSWORD), new=SecretStr(NEW))

    async def verified_late(*given: Any) -> tuple[bool, str | None]:
        monkeypatch.setattr(authentication, "verify_password", verify_password)
        verdict = await verify_password(*given)
        await ann_authenticates.change_password(caller, change)
        return verdict

    monkeypatch.setattr(authentication, "verify_password", verified_late)
    with pytest.raises(Unauthenticated, match="just been changed"):
        await ann_authenticates.login(
            Login(email=ann.email, password=SecretStr(PASSWORD)), old_token=None
        )


async def test_second_of_two_concurrent_password_changes_is_refused(
    database: Database,
    ann: UserRead,
    ann_authenticates: Authentication,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller = await session_of(database, ann)
    first = PasswordChange(current=SecretStr(PASSWORD), new=SecretStr(NEW))
    second = PasswordChange(current=SecretStr(PASSWORD), new=SecretStr(f"{NEW}, another"))

    async def hashed_late(*given: Any) -> str:
        monkeypatch.setattr(authentication, "hash_password", hash_password)
        await ann_authenticates.change_password(caller, first)
        return await hash_password(*given)

    monkeypatch.setattr(authentication, "hash_password", hashed_late)
    with pytest.raises(Unauthenticated, match="just been changed"):
        await ann_authenticates.change_password(caller, second)

    user, _ = await ann_authenticates.login(
        Login(email=ann.email, password=SecretStr(NEW)), old_token=None
    )
    assert user == ann


async def test_no_transaction_is_open_while_a_password_is_verified(
    database: Database,
    ann: UserRead,
    ann_authenticates: Authentication,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_use: list[str] = []

    async def watched(*given: Any) -> tuple[bool, str | None]:
        pools = (database.reader.pool, database.writer.pool)
        in_use.extend(pool.status() for pool in pools)
        return await verify_password(*given)

    monkeypatch.setattr(authentication, "verify_password", watched)
    await ann_authenticates.login(
        Login(email=ann.email, password=SecretStr(PASSWORD)), old_token=None
    )

    assert len(in_use) == 2
    assert all("Checked out connections: 0" in status for status in in_use)


async def test_attempts_are_logged_without_the_email(
    database: Database,
    ann: UserRead,
    ann_authenticates: Authentication,
) -> None:
    right, wrong = SecretStr(PASSWORD), SecretStr("wrong")
    caller = await session_of(database, ann)
    with capture_logs() as logged:
        for email, password in [(ann.email, wrong), ("bob@example.org", wrong), (ann.email, right)]:
            with suppress(Unauthenticated):
                await ann_authenticates.login(Login(email=email, password=password), None)
        for current in (wrong, right):
            change = PasswordChange(current=current, new=SecretStr(NEW))
            with suppress(Forbidden):
                await ann_authenticates.change_password(caller, change)

    user = str(ann.id)
    assert [(line["event"], line["user"], line["address"]) for line in logged] == [
        ("login.failed", user, "192.0.2.1"),
        ("login.failed", None, "192.0.2.1"),
        ("login.succeeded", user, "192.0.2.1"),
        ("password.refused", user, "192.0.2.1"),
        ("password.changed", user, "192.0.2.1"),
    ]
    assert "@" not in str(logged)

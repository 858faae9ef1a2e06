"""The queries, each against a real database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from ...tokens import digest
from ..users import UserService
from .models import UserSession
from .repository import SessionRepository

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = NOW - 1000 * HOUR


@pytest.fixture
def repository(session: AsyncSession) -> SessionRepository:
    return SessionRepository(session)


def make(user: UUID, token: str = "", **times: datetime) -> UserSession:
    moments = {"created_at": NOW, "used_at": NOW, "expires_at": NOW + HOUR} | times
    secret = digest(token or uuid4().hex)
    return UserSession(user_id=user, digest=secret, address="::1", agent="", **moments)


async def test_row_is_found_by_the_digest_of_its_token(
    repository: SessionRepository, user: UUID
) -> None:
    row = make(user, "token")
    await repository.add(row)

    assert await repository.get_by_digest(digest("token")) is row
    assert await repository.get_by_digest(digest("Token")) is None


async def test_page_holds_the_sessions_of_a_user_that_have_not_ended(
    repository: SessionRepository,
    user: UUID,
    other: UUID,
) -> None:
    rows = [make(user) for _ in range(3)]
    for number, row in enumerate(rows):
        row.id = UUID(int=3 - number)  # the order of the rows is not that of their ids
    ended = [make(user, expires_at=NOW), make(user, used_at=NOW - HOUR), make(other)]
    for row in [*rows, *ended]:
        await repository.add(row)

    first = await repository.page(user, NOW, NOW - HOUR, None, 2)
    second = await repository.page(user, NOW, NOW - HOUR, first[-1].id, 2)

    assert [row.id for row in first + second] == [UUID(int=1), UUID(int=2), UUID(int=3)]


async def test_use_of_one_row_is_recorded(
    repository: SessionRepository,
    session: AsyncSession,
    user: UUID,
) -> None:
    rows = [make(user), make(user)]
    for row in rows:
        await repository.add(row)

    await repository.record_use(rows[0].id, NOW + HOUR)
    await repository.record_use(uuid4(), NOW)
    for row in rows:
        await session.refresh(row)

    assert [row.used_at for row in rows] == [NOW + HOUR, NOW]


async def test_remove_by_another_user_keeps_the_row(
    repository: SessionRepository,
    user: UUID,
    other: UUID,
) -> None:
    row = make(user, "token")
    await repository.add(row)

    assert not await repository.remove(other, row.id)
    assert await repository.get_by_digest(row.digest) is not None
    assert await repository.remove(user, row.id)
    assert not await repository.remove(user, row.id)


async def test_rows_are_removed_by_token_by_user_and_by_age(
    repository: SessionRepository,
    user: UUID,
    other: UUID,
) -> None:
    for row in (
        make(user, "one"),
        make(user, "two"),
        make(other, "three", expires_at=NOW),
        make(other, "four"),
    ):
        await repository.add(row)

    async def there() -> list[str]:
        names = ["one", "two", "three", "four"]
        return [name for name in names if await repository.get_by_digest(digest(name))]

    await repository.remove_by_digest(digest("one"))
    assert await there() == ["two", "three", "four"]
    await repository.remove_expired(NOW)
    assert await there() == ["two", "four"]
    await repository.remove_all(user)
    assert await there() == ["four"]


async def test_the_newest_are_kept(
    repository: SessionRepository,
    user: UUID,
    other: UUID,
) -> None:
    rows = [make(user) for _ in range(4)]
    for row in [make(other), *rows]:
        await repository.add(row)

    await repository.keep_newest(user, 2)

    kept = await repository.page(user, NOW, LONG_AGO, None, 10)
    assert [row.id for row in kept] == [row.id for row in rows[2:]]
    assert len(await repository.page(other, NOW, LONG_AGO, None, 10)) == 1


async def test_deleted_user_has_no_sessions(
    repository: SessionRepository,
    session: AsyncSession,
    user: UUID,
) -> None:
    await repository.add(make(user, "token"))

    await session.delete(await UserService(session).get(user))
    await session.flush()
    session.expunge_all()

    assert await repository.get_by_digest(digest("token")) is None

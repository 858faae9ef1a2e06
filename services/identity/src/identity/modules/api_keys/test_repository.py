"""The queries, each against a real database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from ...tokens import digest
from ..users import UserService
from .models import ApiKey
from .repository import ApiKeyRepository

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def repository(session: AsyncSession) -> ApiKeyRepository:
    return ApiKeyRepository(session)


def make(user: UUID, key: str = "") -> ApiKey:
    return ApiKey(
        user_id=user,
        digest=digest(key or uuid4().hex),
        prefix="idk_12345678",
        name="nightly report",
        scopes="account:read",
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )


async def test_row_is_found_by_the_digest_of_its_key(
    repository: ApiKeyRepository, user: UUID
) -> None:
    row = make(user, "key")
    await repository.add(row)

    assert await repository.get_by_digest(digest("key")) is row
    assert await repository.get_by_digest(digest("yek")) is None


async def test_pages_have_neither_gap_nor_overlap(
    repository: ApiKeyRepository,
    user: UUID,
    other: UUID,
) -> None:
    rows = [make(user) for _ in range(3)]
    for number, row in enumerate(rows):
        row.id = UUID(int=3 - number)  # the order of the rows is not that of their ids
        await repository.add(row)
    await repository.add(make(other))

    first = await repository.page(user, None, 2)
    second = await repository.page(user, first[-1].id, 2)

    assert [row.id for row in first + second] == [UUID(int=1), UUID(int=2), UUID(int=3)]
    assert await repository.count(user) == 3


async def test_use_of_one_row_is_recorded(
    repository: ApiKeyRepository,
    session: AsyncSession,
    user: UUID,
) -> None:
    rows = [make(user), make(user)]
    for row in rows:
        await repository.add(row)

    await repository.record_use(rows[0].id, NOW)
    for row in rows:
        await session.refresh(row)

    assert [row.used_at for row in rows] == [NOW, None]


async def test_remove_by_another_user_keeps_the_row(
    repository: ApiKeyRepository,
    user: UUID,
    other: UUID,
) -> None:
    row = make(user, "key")
    await repository.add(row)

    assert not await repository.remove(other, row.id)
    assert await repository.get_by_digest(row.digest) is not None
    assert await repository.remove(user, row.id)
    assert await repository.get_by_digest(row.digest) is None


async def test_deleted_user_has_no_api_keys(
    repository: ApiKeyRepository,
    session: AsyncSession,
    user: UUID,
) -> None:
    await repository.add(make(user, "key"))

    await session.delete(await UserService(session).get(user))
    await session.flush()
    session.expunge_all()

    assert await repository.get_by_digest(digest("key")) is None

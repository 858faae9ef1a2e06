"""The rules, with a real database below and frozen time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from freezegun.api import FrozenDateTimeFactory
from plumbline import NotFound
from sqlalchemy.ext.asyncio import AsyncSession

from .service import SessionService
from .settings import Settings

RULES = Settings(idle_minutes=60, hours=12, max_sessions=3)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def service(session: AsyncSession) -> SessionService:
    return SessionService(session, RULES)


async def test_find_session_returns_its_user_with_every_scope(
    service: SessionService,
    user: UUID,
) -> None:
    token = await service.open(user, "192.0.2.1", "a browser")

    found = await service.find(token)

    assert found is not None
    assert found.caller.user == user
    assert found.caller.scopes is None
    assert found.caller.may("anything:at-all")
    assert await service.find(f"{token}x") is None


@pytest.mark.usefixtures("clock")
async def test_open_stores_only_a_digest_of_the_token(service: SessionService, user: UUID) -> None:
    token = await service.open(user, "192.0.2.1", "a browser")

    (row,) = await service.page(user, None, 10)

    assert token not in str(vars(row))


async def test_unused_session_ends_after_the_idle_time(
    service: SessionService,
    user: UUID,
    clock: FrozenDateTimeFactory,
) -> None:
    token = await service.open(user, "192.0.2.1", "")

    clock.tick(RULES.idle - MOMENT)
    assert await service.find(token) is not None
    assert len(await service.page(user, None, 10)) == 1
    clock.tick(MOMENT)
    assert await service.find(token) is None
    assert await service.page(user, None, 10) == []


async def test_used_session_ends_after_its_lifetime(
    service: SessionService,
    session: AsyncSession,
    user: UUID,
    clock: FrozenDateTimeFactory,
) -> None:
    token = await service.open(user, "192.0.2.1", "")
    step = RULES.idle / 2

    for _ in range(int(RULES.lifetime / step) - 1):
        clock.tick(step)
        found = await service.find(token)
        assert found is not None
        await service.record_use(found.caller.credential)
        session.expunge_all()
    clock.tick(step - MOMENT)
    assert await service.find(token) is not None
    clock.tick(MOMENT)

    assert await service.find(token) is None
    assert await service.page(user, None, 10) == []


async def test_session_beyond_the_limit_ends_the_oldest(
    service: SessionService, user: UUID
) -> None:
    tokens = [await service.open(user, "192.0.2.1", "") for _ in range(5)]

    found = [await service.find(token) is not None for token in tokens]

    assert found == [False, False, True, True, True]


async def test_expired_sessions_are_deleted_at_the_next_login(
    service: SessionService,
    user: UUID,
    other: UUID,
    clock: FrozenDateTimeFactory,
) -> None:
    old = await service.open(other, "192.0.2.1", "")
    clock.tick(RULES.lifetime)

    await service.open(user, "192.0.2.1", "")

    clock.move_to("2026-01-01")  # it would be valid if it were still there
    assert await service.find(old) is None


async def test_end_by_another_user_keeps_the_session(
    service: SessionService,
    user: UUID,
) -> None:
    token = await service.open(user, "192.0.2.1", "")
    found = await service.find(token)
    assert found is not None

    with pytest.raises(NotFound):
        await service.end(uuid4(), found.caller.credential)
    await service.end(user, found.caller.credential)

    assert await service.find(token) is None
    with pytest.raises(NotFound):
        await service.end(user, found.caller.credential)


async def test_all_sessions_of_a_user_can_be_ended(
    service: SessionService,
    user: UUID,
    other: UUID,
) -> None:
    tokens = [await service.open(each, "192.0.2.1", "") for each in (user, user, other)]

    await service.end_all(user)

    assert [await service.find(token) is not None for token in tokens] == [False, False, True]


async def test_a_session_can_be_ended_by_its_token(service: SessionService, user: UUID) -> None:
    tokens = [await service.open(user, "192.0.2.1", "") for _ in range(2)]

    await service.end_by_token(tokens[0])
    await service.end_by_token("unknown")

    assert [await service.find(token) is not None for token in tokens] == [False, True]

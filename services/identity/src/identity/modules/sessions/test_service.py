"""The rules, with a real database below and frozen time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from freezegun.api import FrozenDateTimeFactory
from sqlalchemy.ext.asyncio import AsyncSession

from ...errors import NotFound
from .service import SessionService
from .settings import Settings

RULES = Settings(idle_minutes=60, hours=12, most=3)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def service(session: AsyncSession) -> SessionService:
    return SessionService(session, RULES)


async def test_a_token_leads_to_its_user_who_may_do_everything(
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
async def test_of_a_token_only_a_digest_is_kept(service: SessionService, user: UUID) -> None:
    token = await service.open(user, "192.0.2.1", "a browser")

    (row,) = await service.page(user, None, 10)

    assert token not in str(vars(row))


async def test_a_session_ends_when_it_is_unused(
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


async def test_using_it_keeps_a_session_alive_but_not_for_ever(
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
        await service.note_use(found.caller.credential)
        session.expunge_all()
    clock.tick(step - MOMENT)
    assert await service.find(token) is not None
    clock.tick(MOMENT)

    assert await service.find(token) is None
    assert await service.page(user, None, 10) == []


async def test_of_too_many_sessions_the_oldest_end(service: SessionService, user: UUID) -> None:
    tokens = [await service.open(user, "192.0.2.1", "") for _ in range(5)]

    found = [await service.find(token) is not None for token in tokens]

    assert found == [False, False, True, True, True]


async def test_what_has_expired_is_cleared_away_when_somebody_logs_in(
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


async def test_a_session_can_be_ended_by_its_user_alone(
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
    await service.end_by_token("nobody's")

    assert [await service.find(token) is not None for token in tokens] == [False, True]

"""The rules, with a real database below and frozen time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from freezegun.api import FrozenDateTimeFactory
from sqlalchemy.ext.asyncio import AsyncSession

from ...errors import Conflict, Forbidden, NotFound
from ...orm import now
from ..access import Caller
from .factories import ApiKeyCreateFactory
from .service import MOST, PREFIX, SHOWN, ApiKeyService

MOMENT = timedelta(microseconds=1)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def service(session: AsyncSession) -> ApiKeyService:
    return ApiKeyService(session)


@pytest.fixture
def in_person(user: UUID) -> Caller:
    return Caller(user, uuid4(), scopes=None, expires_at=now() + timedelta(hours=1))


async def test_a_key_leads_to_its_user_and_to_what_it_is_for(
    service: ApiKeyService,
    in_person: Caller,
) -> None:
    row, key = await service.create(in_person, ApiKeyCreateFactory.build(scopes={"orders:read"}))

    found = await service.find(key)

    assert found is not None
    assert found.caller == Caller(
        in_person.user, row.id, frozenset({"orders:read"}), row.expires_at
    )
    assert found.caller.may("orders:read")
    assert not found.caller.may("orders:write")
    assert await service.find(f"{key}x") is None
    assert await service.find(row.prefix) is None


async def test_of_a_key_only_a_digest_and_its_beginning_are_kept(
    service: ApiKeyService,
    in_person: Caller,
) -> None:
    row, key = await service.create(in_person, ApiKeyCreateFactory.build())

    assert key.startswith(PREFIX)
    assert row.prefix == key[:SHOWN]
    assert key not in str(vars(row))
    assert len(key) - SHOWN >= 32  # letters of 6 bits that nobody is shown


async def test_a_key_ends_after_its_days(
    service: ApiKeyService,
    in_person: Caller,
    clock: FrozenDateTimeFactory,
) -> None:
    _, key = await service.create(in_person, ApiKeyCreateFactory.build(expires_in_days=30))

    clock.tick(timedelta(days=30) - MOMENT)
    assert await service.find(key) is not None
    clock.tick(MOMENT)
    assert await service.find(key) is None


async def test_a_key_makes_none_that_can_do_more_or_lives_longer(
    service: ApiKeyService,
    user: UUID,
) -> None:
    key = Caller(user, uuid4(), frozenset({"account:write"}), now() + timedelta(days=10))

    with pytest.raises(Forbidden, match="not for account:read"):
        await service.create(key, ApiKeyCreateFactory.build())
    row, _ = await service.create(
        key, ApiKeyCreateFactory.build(scopes={"account:write"}, expires_in_days=90)
    )

    assert row.expires_at == key.expires_at


async def test_a_user_has_only_so_many(service: ApiKeyService, in_person: Caller) -> None:
    rows = [(await service.create(in_person, ApiKeyCreateFactory.build()))[0] for _ in range(MOST)]

    with pytest.raises(Conflict, match="revoke one first"):
        await service.create(in_person, ApiKeyCreateFactory.build())
    await service.revoke(in_person.user, rows[0].id)
    await service.create(in_person, ApiKeyCreateFactory.build())

    assert len(await service.page(in_person.user, None, 100)) == MOST


async def test_expired_keys_are_cleared_away_and_do_not_count(
    service: ApiKeyService,
    in_person: Caller,
    clock: FrozenDateTimeFactory,
) -> None:
    for _ in range(MOST):
        await service.create(in_person, ApiKeyCreateFactory.build(expires_in_days=1))
    clock.tick(timedelta(days=1))

    row, _ = await service.create(in_person, ApiKeyCreateFactory.build())

    assert await service.page(in_person.user, None, 100) == [row]


async def test_a_revoked_key_is_worthless_and_nobody_else_can_revoke_it(
    service: ApiKeyService,
    in_person: Caller,
) -> None:
    row, key = await service.create(in_person, ApiKeyCreateFactory.build())

    with pytest.raises(NotFound):
        await service.revoke(uuid4(), row.id)
    assert await service.find(key) is not None
    await service.revoke(in_person.user, row.id)

    assert await service.find(key) is None
    with pytest.raises(NotFound):
        await service.revoke(in_person.user, row.id)


async def test_it_is_noted_when_a_key_was_used(
    service: ApiKeyService,
    session: AsyncSession,
    in_person: Caller,
) -> None:
    row, key = await service.create(in_person, ApiKeyCreateFactory.build())
    assert row.used_at is None

    await service.note_use(row.id)
    session.expunge_all()

    found = await service.find(key)
    assert found is not None
    assert found.used_at == now()

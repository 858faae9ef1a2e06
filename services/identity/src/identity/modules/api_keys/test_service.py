"""The rules, with a real database below and frozen time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from freezegun.api import FrozenDateTimeFactory
from plumbline import Caller, Conflict, Forbidden, NotFound, now
from sqlalchemy.ext.asyncio import AsyncSession

from .factories import ApiKeyCreateFactory
from .service import MAX_KEYS, PREFIX, PREFIX_LENGTH, ApiKeyService

MOMENT = timedelta(microseconds=1)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def service(session: AsyncSession) -> ApiKeyService:
    return ApiKeyService(session)


@pytest.fixture
def in_person(user: UUID) -> Caller:
    return Caller(user, uuid4(), scopes=None, expires_at=now() + timedelta(hours=1))


async def test_find_api_key_returns_its_user_and_scopes(
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


async def test_create_stores_only_digest_and_prefix_of_an_api_key(
    service: ApiKeyService,
    in_person: Caller,
) -> None:
    row, key = await service.create(in_person, ApiKeyCreateFactory.build())

    assert key.startswith(PREFIX)
    assert row.prefix == key[:PREFIX_LENGTH]
    assert key not in str(vars(row))
    assert len(key) - PREFIX_LENGTH >= 32  # characters of 6 bits that are never shown


async def test_api_key_expires_after_its_days(
    service: ApiKeyService,
    in_person: Caller,
    clock: FrozenDateTimeFactory,
) -> None:
    _, key = await service.create(in_person, ApiKeyCreateFactory.build(expires_in_days=30))

    clock.tick(timedelta(days=30) - MOMENT)
    assert await service.find(key) is not None
    clock.tick(MOMENT)
    assert await service.find(key) is None


async def test_api_key_creates_no_key_with_more_scopes_or_a_later_end(
    service: ApiKeyService,
    user: UUID,
) -> None:
    key = Caller(user, uuid4(), frozenset({"account:write"}), now() + timedelta(days=10))

    with pytest.raises(Forbidden, match="does not permit account:read"):
        await service.create(key, ApiKeyCreateFactory.build())
    row, _ = await service.create(
        key, ApiKeyCreateFactory.build(scopes={"account:write"}, expires_in_days=90)
    )

    assert row.expires_at == key.expires_at


async def test_create_beyond_the_limit_of_a_user_is_a_conflict(
    service: ApiKeyService, in_person: Caller
) -> None:
    rows = [
        (await service.create(in_person, ApiKeyCreateFactory.build()))[0] for _ in range(MAX_KEYS)
    ]

    with pytest.raises(Conflict, match="revoke one first"):
        await service.create(in_person, ApiKeyCreateFactory.build())
    await service.revoke(in_person.user, rows[0].id)
    await service.create(in_person, ApiKeyCreateFactory.build())

    assert len(await service.page(in_person.user, None, 100)) == MAX_KEYS


async def test_expired_api_keys_are_deleted_and_do_not_count(
    service: ApiKeyService,
    in_person: Caller,
    clock: FrozenDateTimeFactory,
) -> None:
    for _ in range(MAX_KEYS):
        await service.create(in_person, ApiKeyCreateFactory.build(expires_in_days=1))
    clock.tick(timedelta(days=1))

    row, _ = await service.create(in_person, ApiKeyCreateFactory.build())

    assert await service.page(in_person.user, None, 100) == [row]


async def test_revoked_api_key_is_invalid_and_only_its_user_can_revoke_it(
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


async def test_use_of_an_api_key_is_recorded(
    service: ApiKeyService,
    session: AsyncSession,
    in_person: Caller,
) -> None:
    row, key = await service.create(in_person, ApiKeyCreateFactory.build())
    assert row.used_at is None

    await service.record_use(row.id)
    session.expunge_all()

    found = await service.find(key)
    assert found is not None
    assert found.used_at == now()

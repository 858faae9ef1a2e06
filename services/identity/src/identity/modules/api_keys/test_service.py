"""The rules, each within one transaction."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from freezegun import freeze_time
from sqlalchemy.ext.asyncio import AsyncSession

from ...errors import Conflict, NotFound, PreconditionFailed
from .factories import ApiKeyCreateFactory
from .schemas import ApiKeyUpdate
from .service import ApiKeyService


@pytest.fixture
def service(session: AsyncSession) -> ApiKeyService:
    return ApiKeyService(session)


async def test_creating_stores_what_was_given(service: ApiKeyService) -> None:
    new = ApiKeyCreateFactory.build()

    row = await service.create(new)

    assert await service.get(row.id) is row
    assert (row.name, row.description, row.version) == (new.name, new.description, 1)


async def test_creating_a_second_one_of_the_same_name_is_a_conflict(
    service: ApiKeyService,
) -> None:
    new = ApiKeyCreateFactory.build()
    await service.create(new)

    with pytest.raises(Conflict):
        await service.create(new)


async def test_an_unknown_id_is_not_found(service: ApiKeyService) -> None:
    with pytest.raises(NotFound):
        await service.get(uuid4())


async def test_updating_changes_the_given_fields_only(
    service: ApiKeyService,
) -> None:
    row = await service.create(ApiKeyCreateFactory.build(description="old"))
    name = row.name

    changed = await service.update(row.id, ApiKeyUpdate(description="new"), {1})

    assert (changed.name, changed.description, changed.version) == (name, "new", 2)


async def test_updating_with_what_is_already_there_is_no_change(
    service: ApiKeyService,
) -> None:
    row = await service.create(ApiKeyCreateFactory.build())

    unchanged = await service.update(row.id, ApiKeyUpdate(name=row.name), {1})

    assert unchanged.version == 1


async def test_a_stale_version_cannot_be_updated(service: ApiKeyService) -> None:
    row = await service.create(ApiKeyCreateFactory.build())
    await service.update(row.id, ApiKeyUpdate(description="first"), {1})

    with pytest.raises(PreconditionFailed, match="its version is now 2"):
        await service.update(row.id, ApiKeyUpdate(description="second"), {1})


async def test_a_stale_version_cannot_be_deleted(service: ApiKeyService) -> None:
    row = await service.create(ApiKeyCreateFactory.build())

    with pytest.raises(PreconditionFailed):
        await service.delete(row.id, {2})


async def test_whoever_accepts_any_version_can_delete(
    service: ApiKeyService,
) -> None:
    row = await service.create(ApiKeyCreateFactory.build())

    await service.delete(row.id, None)

    with pytest.raises(NotFound):
        await service.get(row.id)


async def test_times_tell_of_creation_and_of_the_last_change(
    service: ApiKeyService,
) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with freeze_time(noon, real_asyncio=True) as clock:
        row = await service.create(ApiKeyCreateFactory.build())
        clock.tick(timedelta(hours=1))
        await service.update(row.id, ApiKeyUpdate(description="later"), {1})

    assert row.created_at == noon
    assert row.updated_at == noon + timedelta(hours=1)

"""The rules, each within one transaction."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from freezegun import freeze_time
from plumbline import Conflict, NotFound, PreconditionFailed
from sqlalchemy.ext.asyncio import AsyncSession

from .factories import ProductCreateFactory
from .schemas import ProductUpdate
from .service import ProductService


@pytest.fixture
def service(session: AsyncSession) -> ProductService:
    return ProductService(session)


async def test_create_stores_what_was_given(service: ProductService) -> None:
    new = ProductCreateFactory.build()

    row = await service.create(new)

    assert await service.get(row.id) is row
    assert (row.name, row.description, row.version) == (new.name, new.description, 1)


async def test_create_with_a_taken_name_is_a_conflict(service: ProductService) -> None:
    new = ProductCreateFactory.build()
    await service.create(new)

    with pytest.raises(Conflict):
        await service.create(new)


async def test_get_unknown_id_raises_not_found(service: ProductService) -> None:
    with pytest.raises(NotFound):
        await service.get(uuid4())


async def test_update_changes_the_given_fields_only(service: ProductService) -> None:
    row = await service.create(ProductCreateFactory.build(description="old"))
    name = row.name

    changed = await service.update(row.id, ProductUpdate(description="new"), {1})

    assert (changed.name, changed.description, changed.version) == (name, "new", 2)


async def test_update_of_a_stale_version_is_refused(service: ProductService) -> None:
    row = await service.create(ProductCreateFactory.build())
    await service.update(row.id, ProductUpdate(description="first"), {1})

    with pytest.raises(PreconditionFailed, match="its version is now 2"):
        await service.update(row.id, ProductUpdate(description="second"), {1})


async def test_delete_of_a_stale_version_is_refused(service: ProductService) -> None:
    row = await service.create(ProductCreateFactory.build())

    with pytest.raises(PreconditionFailed):
        await service.delete(row.id, {2})


async def test_delete_of_any_version_removes_the_row(service: ProductService) -> None:
    row = await service.create(ProductCreateFactory.build())

    await service.delete(row.id, None)

    with pytest.raises(NotFound):
        await service.get(row.id)


async def test_timestamps_follow_creation_and_change(service: ProductService) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with freeze_time(noon, real_asyncio=True) as clock:
        row = await service.create(ProductCreateFactory.build())
        clock.tick(timedelta(hours=1))
        await service.update(row.id, ProductUpdate(description="later"), {1})

    assert row.created_at == noon
    assert row.updated_at == noon + timedelta(hours=1)

"""The rules, each within one transaction."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from freezegun import freeze_time
from sqlalchemy.ext.asyncio import AsyncSession

from ...errors import Conflict, NotFound, PreconditionFailed
from .factories import SessionCreateFactory
from .schemas import SessionUpdate
from .service import SessionService


@pytest.fixture
def service(session: AsyncSession) -> SessionService:
    return SessionService(session)


async def test_creating_stores_what_was_given(service: SessionService) -> None:
    new = SessionCreateFactory.build()

    row = await service.create(new)

    assert await service.get(row.id) is row
    assert (row.name, row.description, row.version) == (new.name, new.description, 1)


async def test_creating_a_second_one_of_the_same_name_is_a_conflict(
    service: SessionService,
) -> None:
    new = SessionCreateFactory.build()
    await service.create(new)

    with pytest.raises(Conflict):
        await service.create(new)


async def test_an_unknown_id_is_not_found(service: SessionService) -> None:
    with pytest.raises(NotFound):
        await service.get(uuid4())


async def test_updating_changes_the_given_fields_only(
    service: SessionService,
) -> None:
    row = await service.create(SessionCreateFactory.build(description="old"))
    name = row.name

    changed = await service.update(row.id, SessionUpdate(description="new"), {1})

    assert (changed.name, changed.description, changed.version) == (name, "new", 2)


async def test_updating_with_what_is_already_there_is_no_change(
    service: SessionService,
) -> None:
    row = await service.create(SessionCreateFactory.build())

    unchanged = await service.update(row.id, SessionUpdate(name=row.name), {1})

    assert unchanged.version == 1


async def test_a_stale_version_cannot_be_updated(service: SessionService) -> None:
    row = await service.create(SessionCreateFactory.build())
    await service.update(row.id, SessionUpdate(description="first"), {1})

    with pytest.raises(PreconditionFailed, match="its version is now 2"):
        await service.update(row.id, SessionUpdate(description="second"), {1})


async def test_a_stale_version_cannot_be_deleted(service: SessionService) -> None:
    row = await service.create(SessionCreateFactory.build())

    with pytest.raises(PreconditionFailed):
        await service.delete(row.id, {2})


async def test_whoever_accepts_any_version_can_delete(
    service: SessionService,
) -> None:
    row = await service.create(SessionCreateFactory.build())

    await service.delete(row.id, None)

    with pytest.raises(NotFound):
        await service.get(row.id)


async def test_times_tell_of_creation_and_of_the_last_change(
    service: SessionService,
) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with freeze_time(noon, real_asyncio=True) as clock:
        row = await service.create(SessionCreateFactory.build())
        clock.tick(timedelta(hours=1))
        await service.update(row.id, SessionUpdate(description="later"), {1})

    assert row.created_at == noon
    assert row.updated_at == noon + timedelta(hours=1)

"""The queries, each against a real database."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from plumbline import Conflict
from sqlalchemy.ext.asyncio import AsyncSession

from .factories import ProductCreateFactory
from .models import Product
from .repository import ProductRepository


@pytest.fixture
def repository(session: AsyncSession) -> ProductRepository:
    return ProductRepository(session)


def make(**fields: Any) -> Product:
    new = ProductCreateFactory.build(**fields)
    return Product(**new.model_dump())


async def test_added_row_can_be_read_back(
    repository: ProductRepository,
    session: AsyncSession,
) -> None:
    row = make(name="blue", description="as the sky")
    await repository.add(row)
    session.expunge_all()

    found = await repository.get(row.id)

    assert found is not None
    assert found is not row
    assert (found.name, found.description, found.version) == ("blue", "as the sky", 1)
    assert (found.created_at, found.updated_at) == (row.created_at, row.updated_at)


async def test_get_unknown_id_returns_none(
    repository: ProductRepository,
) -> None:
    assert await repository.get(uuid4()) is None


async def test_add_with_a_taken_name_is_a_conflict(
    repository: ProductRepository,
) -> None:
    await repository.add(make(name="blue"))

    with pytest.raises(Conflict, match="This name is already taken"):
        await repository.add(make(name="blue"))


async def test_saved_change_increments_the_version(
    repository: ProductRepository,
    session: AsyncSession,
) -> None:
    row = make()
    await repository.add(row)

    row.description = "new"
    await repository.save(row)
    session.expunge_all()

    found = await repository.get(row.id)
    assert found is not None
    assert (found.description, found.version) == ("new", 2)


async def test_pages_have_neither_gap_nor_overlap(
    repository: ProductRepository,
) -> None:
    rows = [make() for _ in range(5)]
    for number, row in enumerate(rows):
        row.id = UUID(int=5 - number)  # the order of the rows is not that of their ids
        await repository.add(row)

    first = await repository.page(None, 2)
    second = await repository.page(first[-1].id, 2)
    third = await repository.page(second[-1].id, 2)

    assert [len(first), len(second), len(third)] == [2, 2, 1]
    assert [row.id for row in first + second + third] == sorted(row.id for row in rows)


async def test_removed_row_is_gone(repository: ProductRepository) -> None:
    row = make()
    await repository.add(row)

    await repository.remove(row)

    assert await repository.get(row.id) is None

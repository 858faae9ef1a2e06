"""Tests that take turns: the same work on each kind of database, a typical test, and none at all.

Within a turn, `before` commits, so that `ours` has something to rewind; `ours` commits, so that
`rewound` has. `again` does it for `typical`, and that for `answering`. Run without our conftest,
`empty`, `memory` and `migrated` pay for nothing of ours.
"""

# mypy: disable-error-code="import-not-found,untyped-decorator"
# The libraries are those of the service's environment, mypy's are those of the repository's.

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx2
import pytest
from alembic import command
from catalog.main import SERVICE
from catalog.modules.products.models import Product
from catalog.orm import Base
from plumbline.database import Database
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import StaticPool

Sessions = Callable[[], AbstractAsyncContextManager[AsyncSession]]


@pytest.fixture(autouse=True, params=range(int(os.environ["TURNS"])))
def turn() -> None:
    """Repeat every test; see in_turns.py."""


async def work(write: Sessions, read: Sessions) -> None:
    """Two inserts, a commit, two reads."""
    rows = [Product(name=name, description="") for name in ("blue", "green")]
    async with write() as session:
        session.add_all(rows)
    async with read() as session:
        for row in rows:
            await session.get_one(Product, row.id)


@pytest.fixture
async def memory() -> AsyncIterator[Sessions]:
    """What most FastAPI projects do."""
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield async_sessionmaker(engine, expire_on_commit=False).begin
    await engine.dispose()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A new file, brought to head."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    command.upgrade(SERVICE.migrations.config(url), "head")
    return url


@pytest.fixture
async def migrated(url: str) -> AsyncIterator[Database]:
    """What careful ones do."""
    async with SERVICE.open_database(url) as database:
        yield database


async def test_before(database: Database) -> None:
    """Leaves rows."""
    await work(database.write, database.read)


async def test_ours(database: Database) -> None:
    """The work on our database, which has been written to."""
    await work(database.write, database.read)


async def test_rewound(database: Database) -> None:
    """Nothing but our database, which has been written to."""


async def test_again(database: Database) -> None:
    """Leaves rows, too."""
    await work(database.write, database.read)


async def test_typical(client: httpx2.AsyncClient) -> None:
    """What most tests of a router do."""
    created = await client.post("/api/v1/products", json={"name": "blue"})
    found = await client.get(created.headers["location"])

    assert created.status_code == 201  # noqa: PLR2004 - as such a test has it
    assert found.json() == created.json()
    assert found.json()["name"] == "blue"


async def test_answering(client: httpx2.AsyncClient) -> None:
    """Nothing but the application, started on our database, which has been written to."""


async def test_empty() -> None:
    """Nothing at all."""


async def test_memory(memory: Sessions) -> None:
    """The work in memory."""
    await work(memory, memory)


async def test_migrated(migrated: Database) -> None:
    """The work on a file of its own."""
    await work(migrated.write, migrated.read)

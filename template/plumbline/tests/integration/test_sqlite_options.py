"""PRAGMAs that a service sets are on every connection: of application, migrations and tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from plumbline.database import ConnectionOptions, Database, sqlite
from plumbline.testing.sqlite_sandbox import SqliteSandbox
from sample.app import create_app
from sample.main import SERVICE
from sample.settings import Settings
from sqlalchemy import Connection, text

CHANGED = {"cache_size": -4321, "synchronous": 2}  # SQLite's default, and one of the platform's


@pytest.fixture(autouse=True)
def _options(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ConnectionOptions(sqlite_pragmas=CHANGED)
    monkeypatch.setattr(Settings, "connection_options", options)


async def pragmas(database: Database) -> list[dict[str, object]]:
    """Return what a writing and a reading connection have."""
    async with database.write() as writer, database.read() as reader:
        return [
            {name: await session.scalar(text(f"PRAGMA {name}")) for name in CHANGED}
            for session in (writer, reader)
        ]


async def test_connections_of_the_application_have_the_options(database_url: str) -> None:
    app = create_app(Settings(_env_file=None, database_url=database_url))

    async with app.router.lifespan_context(app):
        assert await pragmas(app.state.database) == [CHANGED, CHANGED]


async def test_connections_of_the_tests_have_the_options() -> None:
    sandbox = await asyncio.to_thread(SqliteSandbox, SERVICE)
    try:
        assert await pragmas(sandbox.database) == [CHANGED, CHANGED]
        await sandbox.replace()
        assert await pragmas(sandbox.database) == [CHANGED, CHANGED]
    finally:
        await sandbox.close()


def test_connection_of_the_migrations_has_the_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[dict[str, object]] = []
    migrating = sqlite.migrating

    @contextmanager
    def looking(connection: Connection) -> Iterator[None]:
        found.append({name: connection.scalar(text(f"PRAGMA {name}")) for name in CHANGED})
        with migrating(connection):
            yield

    monkeypatch.setattr(sqlite, "migrating", looking)
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"

    command.upgrade(SERVICE.migrations.config(url), "head")

    assert found == [CHANGED]


async def test_database_without_options_has_the_defaults(database_url: str) -> None:
    async with Database(database_url) as database:
        assert [each["synchronous"] for each in await pragmas(database)] == [1, 1]

"""Settings that a service makes are on every connection: of application, migrations and tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic import command
from plumbline.database import ConnectionOptions, Database, postgres
from plumbline.testing.plugin import SERVER
from plumbline.testing.postgres_sandbox import PostgresSandbox
from plumbline.testing.sandbox import EmptyDatabase
from sample.app import create_app
from sample.main import SERVICE
from sample.settings import Settings
from sqlalchemy import Connection, text

CHANGED = {"statement_timeout": "4321ms", "application_name": "orders"}  # one is the platform's


@pytest.fixture(autouse=True)
def _options(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ConnectionOptions(postgres_settings=CHANGED)
    monkeypatch.setattr(Settings, "connection_options", options)


async def settings(database: Database) -> list[dict[str, object]]:
    """Return what a writing and a reading connection have."""
    async with database.write() as writer, database.read() as reader:
        return [
            {name: await session.scalar(text(f"SHOW {name}")) for name in CHANGED}
            for session in (writer, reader)
        ]


async def test_connections_of_the_application_have_the_options(database_url: str) -> None:
    app = create_app(Settings(_env_file=None, database_url=database_url))

    async with app.router.lifespan_context(app):
        assert await settings(app.state.database) == [CHANGED, CHANGED]


async def test_connections_of_the_tests_have_the_options() -> None:
    assert SERVER is not None
    sandbox = await PostgresSandbox.open(SERVICE, SERVER)
    try:
        assert await settings(sandbox.database) == [CHANGED, CHANGED]
        await sandbox.replace()
        assert await settings(sandbox.database) == [CHANGED, CHANGED]
    finally:
        await sandbox.close()


async def test_connection_of_the_migrations_has_the_options(
    empty_database: EmptyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[dict[str, object]] = []
    migrating = postgres.migrating

    @contextmanager
    def looking(connection: Connection) -> Iterator[None]:
        found.append({name: connection.scalar(text(f"SHOW {name}")) for name in CHANGED})
        with migrating(connection):
            yield

    monkeypatch.setattr(postgres, "migrating", looking)
    async with empty_database() as url:
        await asyncio.to_thread(command.upgrade, SERVICE.migrations.config(url), "head")

    assert found == [CHANGED]


async def test_database_without_options_has_the_defaults(database_url: str) -> None:
    async with Database(database_url) as database:
        names = [each["application_name"] for each in await settings(database)]
    assert names == ["plumbline", "plumbline"]

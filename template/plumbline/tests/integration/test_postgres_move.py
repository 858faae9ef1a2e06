"""Moving the database of a service from SQLite to PostgreSQL: all of it, or nothing."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from plumbline.move import main
from plumbline.testing.sandbox import EmptyDatabase
from sample.main import SERVICE
from sample.modules.notes.models import Note
from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

ROWS = 2500  # more than are in memory at once


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a migrated SQLite database, which is that of the settings."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'service.db'}"
    command.upgrade(SERVICE.migrations.config(url), "head")
    monkeypatch.setenv("SAMPLE_DATABASE_URL", url)
    return url


@pytest.fixture
async def target(
    empty_database: EmptyDatabase, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL database, which is that of the variable `TARGET`."""
    async with empty_database() as url:
        monkeypatch.setenv("TARGET", url)
        yield url


def move() -> str | None:
    """Run the program, which has an event loop of its own."""
    return main("sample", "TARGET")


def fill(url: str, *rows: Note) -> None:
    """Store these rows."""

    async def write() -> None:
        async with SERVICE.open_database(url) as database, database.write() as session:
            session.add_all(rows)

    asyncio.run(write())


def tables(url: str) -> list[str]:
    """Return the names of the tables at this URL."""

    async def read() -> list[str]:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.connect() as connection:
            return await connection.run_sync(lambda found: inspect(found).get_table_names())

    return asyncio.run(read())


def notes(url: str) -> list[tuple[object, ...]]:
    """Return all columns of all notes."""

    async def read() -> list[tuple[object, ...]]:
        async with SERVICE.open_database(url) as database, database.read() as session:
            await database.check()
            return [tuple(row) for row in await session.execute(select(Note.__table__))]

    return asyncio.run(read())


def test_move_copies_every_row_and_the_target_serves(
    source: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(source, *(Note(title=f"note {number}", text="ä\n") for number in range(ROWS)))

    assert move() is None

    assert re.search(rf"notes: {ROWS} rows, checksum \w+ on both sides", capsys.readouterr().out)
    assert sorted(notes(target), key=str) == sorted(notes(source), key=str)


def test_move_into_a_database_with_tables_is_refused(
    source: str, target: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET", database_url)

    message = move()

    assert message is not None
    assert "has tables (" in message
    assert message.endswith("name an empty database.")
    assert notes(source) == []
    assert tables(target) == []


def test_move_of_a_table_without_a_model_changes_nothing(source: str, target: str) -> None:
    with closing(sqlite3.connect(source.removeprefix("sqlite+aiosqlite:///"))) as connection:
        connection.execute("CREATE TABLE legacy (id INTEGER)")

    assert move() == "Nothing is moved. No model describes legacy: add one, or drop it."
    assert tables(target) == []


def test_move_of_a_row_that_postgres_refuses_changes_nothing(source: str, target: str) -> None:
    fill(source, Note(title="with a NUL", text="a\0b"))

    message = move()

    assert message is not None
    assert "A value cannot be stored" in message
    assert tables(target) == []


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite+aiosqlite:///other.db", "A move goes from SQLite to PostgreSQL"),
        ("postgresql+asyncpg://127.0.0.1:1/service", "cannot be reached"),
        ("postgresql+asyncpg://127.0.0.1", "expected sqlite"),
    ],
)
def test_move_to_an_unusable_database_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    monkeypatch.setenv("TARGET", url)

    assert reason in str(move())


def test_move_of_an_unknown_service_is_refused(target: str) -> None:
    assert target

    message = main("missing", "TARGET")

    assert message == "Nothing is moved. missing is no service: its main.py must define SERVICE."

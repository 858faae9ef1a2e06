"""What holds for SQLite alone: its settings, its lock, and one clear sentence for a bad file."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from {{ package }} import sqlite
from {{ package }}.database import Database
from {{ package }}.errors import Invalid, Unavailable
from {{ package }}.revisions import migration_config
from {{ package }}.testing.sqlite_sandbox import migrated_template

NOBODY = 65534

PRAGMAS = [
    *("journal_mode", "synchronous", "foreign_keys", "temp_store", "cache_size"),
    *("journal_size_limit", "wal_autocheckpoint", "locking_mode", "page_size", "encoding"),
    *("mmap_size", "auto_vacuum", "secure_delete", "recursive_triggers", "trusted_schema"),
]


async def pragmas(database: Database) -> dict[str, list[object]]:
    async with database.write() as writer, database.read() as reader:
        return {
            name: [await session.scalar(text(f"PRAGMA {name}")) for session in (writer, reader)]
            for name in PRAGMAS
        }


@pytest.fixture
def production(tmp_path: Path) -> str:
    """A database on disk, made as a deployment makes it."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'production.db'}"
    command.upgrade(migration_config(url), "head")
    return url


async def test_the_database_of_the_tests_is_set_like_that_of_production(
    database: Database,
    production: str,
) -> None:
    async with Database(production) as deployed:
        expected = await pragmas(deployed)

    assert await pragmas(database) == expected
    assert expected["journal_mode"] == ["wal", "wal"]
    assert expected["foreign_keys"] == [1, 1]
    assert expected["synchronous"] == [1, 1]


async def test_a_number_that_it_cannot_hold_is_one_clear_error(database: Database) -> None:
    with pytest.raises(Invalid, match="cannot be stored"):
        async with database.write() as session:
            await session.execute(text("SELECT :number"), {"number": 2**63})


async def test_a_write_holds_the_lock_from_its_start(database: Database) -> None:
    other = sqlite3.connect(database.name, timeout=0, isolation_level=None)
    async with database.write() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_a_writer_waits_for_one_in_another_process(database: Database) -> None:
    async def write() -> None:
        async with database.write() as session:
            await session.execute(text("CREATE TABLE _late (value INTEGER)"))

    with closing(sqlite3.connect(database.name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(write())
        await asyncio.sleep(0.05)
        assert not writing.done()
        other.execute("COMMIT")
    await writing


async def test_a_writer_does_not_wait_for_ever(
    fresh: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sqlite.PRAGMAS, "busy_timeout", 50)
    async with Database(fresh) as database:
        with closing(sqlite3.connect(database.name, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="is locked by another process"):
                await database.check(writable=True)


async def test_concurrent_changes_of_one_row_wait_for_each_other(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _counter AS SELECT 0 AS value"))

    async def increment() -> None:
        async with database.write() as session:
            value = await session.scalar(text("SELECT value FROM _counter"))
            await asyncio.sleep(0)
            await session.execute(text("UPDATE _counter SET value = :next"), {"next": value + 1})

    await asyncio.gather(*(increment() for _ in range(50)))

    async with database.read() as session:
        assert await session.scalar(text("SELECT value FROM _counter")) == 50


@pytest.fixture
def template() -> Path:
    """A database at head that nobody may change: to be copied."""
    return migrated_template()


def refusal(path: Path) -> str:
    """The sentence with which a service refuses the database at `path`, which stays as it is."""
    before = path.read_bytes() if path.exists() else None

    async def check() -> None:
        async with Database(f"sqlite+aiosqlite:///{path}") as database:
            await database.check(writable=True)

    with pytest.raises(Unavailable) as refused:
        asyncio.run(check())
    assert (path.read_bytes() if path.exists() else None) == before
    return str(refused.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "service.db"

    assert str(path) in refusal(path)
    assert not path.parent.exists()


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    assert "alembic upgrade head" in refusal(tmp_path / "service.db")


def test_a_refusal_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = {*threading.enumerate()}

    for _ in range(20):  # a thread that outlives its loop fails the run, but not every time
        refusal(tmp_path / "service.db")

    after = {*threading.enumerate()} - before
    assert not [thread.name for thread in after if "_connection" in thread.name]


async def test_a_connection_that_nobody_waits_for_any_more_is_closed(
    fresh: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opening, given_up = threading.Event(), threading.Event()
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def connect_late(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opening.set()
        given_up.wait()
        opened.append(connect(*arguments, **options))
        return opened[0]

    monkeypatch.setattr(sqlite3, "connect", connect_late)
    async with Database(fresh) as database:
        asking = asyncio.create_task(database.check())
        await asyncio.to_thread(opening.wait)
        asking.cancel()
        await asyncio.wait([asking])
        given_up.set()
        while not opened or is_open(opened[0]):  # noqa: ASYNC110 - closing tells nobody
            await asyncio.sleep(0.001)


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    path.write_text("my diary " * 1000)

    assert "is no SQLite database" in refusal(path)


def test_a_damaged_database_is_left_alone(template: Path, tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    path.write_bytes(template.read_bytes()[:6000])

    assert "is damaged" in refusal(path)


def test_an_empty_database_wants_its_migrations(tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    sqlite3.connect(path).execute("PRAGMA journal_mode=wal").connection.close()

    assert "run `alembic upgrade head`" in refusal(path)


def test_the_database_of_a_newer_release_is_left_alone(template: Path, tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    shutil.copyfile(template, path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = 'newer'")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    assert "unknown revision newer" in refusal(path)


@pytest.fixture
def folder_of_somebody_else() -> Iterator[Path]:
    """A folder in which this process may not write; whoever tests as root becomes nobody."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


def test_a_read_only_database_is_refused(template: Path, folder_of_somebody_else: Path) -> None:
    path = folder_of_somebody_else / "service.db"
    shutil.copyfile(template, path)
    path.chmod(0o444)
    folder_of_somebody_else.chmod(0o755)
    refusal(path.with_name("missing.db"))  # imports what nobody may not be able to read any more
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(NOBODY)
        else:
            folder_of_somebody_else.chmod(0o555)
        sentence = refusal(path)
    finally:
        if root:
            os.seteuid(0)
        folder_of_somebody_else.chmod(0o755)

    assert "is read-only" in sentence


async def test_a_full_disk_is_one_clear_error_and_loses_nothing(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _parent (id INTEGER PRIMARY KEY)"))
        await session.execute(text("INSERT INTO _parent VALUES (1)"))
        pages = await session.scalar(text("PRAGMA page_count"))
        await session.execute(text(f"PRAGMA max_page_count={pages}"))

    with pytest.raises(Unavailable, match="is on a full disk: free some space"):
        async with database.write() as session:
            await session.execute(text("INSERT INTO _parent VALUES (2)"))
            await session.execute(text("CREATE TABLE _large AS SELECT zeroblob(100000)"))

    async with database.write() as session:
        await session.execute(text("PRAGMA max_page_count=1073741823"))
        assert (await session.scalars(text("SELECT id FROM _parent"))).all() == [1]

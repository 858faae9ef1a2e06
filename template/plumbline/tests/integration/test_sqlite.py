"""What holds for SQLite alone: PRAGMAs, the write lock, one clear message for a bad file."""

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
from plumbline import Invalid, Unavailable
from plumbline.database import Database, sqlite
from plumbline.testing.sqlite_sandbox import migrated_template
from sample.main import SERVICE
from sqlalchemy import text

UNPRIVILEGED = 65534  # the id of a user without rights

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
    """The URL of a database on disk, made as a deployment makes it."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'production.db'}"
    command.upgrade(SERVICE.migrations.config(url), "head")
    return url


async def test_database_of_the_tests_has_the_pragmas_of_production(
    database: Database,
    production: str,
) -> None:
    async with SERVICE.open_database(production) as deployed:
        expected = await pragmas(deployed)

    assert await pragmas(database) == expected
    assert expected["journal_mode"] == ["wal", "wal"]
    assert expected["foreign_keys"] == [1, 1]
    assert expected["synchronous"] == [1, 1]


async def test_number_that_cannot_be_stored_is_invalid(database: Database) -> None:
    with pytest.raises(Invalid, match="cannot be stored"):
        async with database.write() as session:
            await session.execute(text("SELECT :number"), {"number": 2**63})


async def test_write_transaction_holds_the_lock_from_its_start(database: Database) -> None:
    other = sqlite3.connect(database.name, timeout=0, isolation_level=None)
    async with database.write() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_writer_waits_for_one_in_another_process(database: Database) -> None:
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


async def test_busy_timeout_ends_the_wait_of_a_writer(
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sqlite.PRAGMAS, "busy_timeout", 50)
    async with Database(database_url) as database:
        with closing(sqlite3.connect(database.name, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="is locked by another process"):
                await database.check(writable=True)


async def test_concurrent_changes_of_one_row_are_all_applied(database: Database) -> None:
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
    """A read-only database at head: to be copied."""
    return migrated_template(SERVICE)


def refusal(path: Path) -> str:
    """Return the message with which a service refuses the database at `path`; it is unchanged."""
    before = path.read_bytes() if path.exists() else None

    async def check() -> None:
        async with SERVICE.open_database(f"sqlite+aiosqlite:///{path}") as database:
            await database.check(writable=True)

    with pytest.raises(Unavailable) as refused:
        asyncio.run(check())
    assert (path.read_bytes() if path.exists() else None) == before
    return str(refused.value)


def test_missing_folder_is_named_and_not_created(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "service.db"

    assert str(path) in refusal(path)
    assert not path.parent.exists()


def test_missing_file_is_named_and_not_created(tmp_path: Path) -> None:
    assert "alembic upgrade head" in refusal(tmp_path / "service.db")


def test_refused_database_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = {*threading.enumerate()}

    for _ in range(20):  # a thread that outlives its loop fails the run, but not every time
        refusal(tmp_path / "service.db")

    after = {*threading.enumerate()} - before
    assert not [thread.name for thread in after if "_connection" in thread.name]


async def test_connection_opened_for_a_cancelled_task_is_closed(
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opening, cancelled = threading.Event(), threading.Event()
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def connect_late(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opening.set()
        cancelled.wait()
        opened.append(connect(*arguments, **options))
        return opened[0]

    monkeypatch.setattr(sqlite3, "connect", connect_late)
    async with Database(database_url) as database:
        asking = asyncio.create_task(database.check())
        await asyncio.to_thread(opening.wait)
        asking.cancel()
        await asyncio.wait([asking])
        cancelled.set()
        while not opened or is_open(opened[0]):  # noqa: ASYNC110 - closing sends no signal
            await asyncio.sleep(0.001)


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def test_file_that_is_no_database_is_refused_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    path.write_text("my diary " * 1000)

    assert "is no SQLite database" in refusal(path)


def test_damaged_database_is_refused_unchanged(template: Path, tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    path.write_bytes(template.read_bytes()[:6000])

    assert "is damaged" in refusal(path)


def test_empty_database_needs_its_migrations(tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    sqlite3.connect(path).execute("PRAGMA journal_mode=wal").connection.close()

    assert "run `alembic upgrade head`" in refusal(path)


def test_database_of_a_newer_release_is_refused_unchanged(template: Path, tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    shutil.copyfile(template, path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = 'newer'")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    assert "unknown revision newer" in refusal(path)


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder in which this process may not write, once root has given up its rights."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


def test_read_only_database_is_refused(template: Path, foreign_folder: Path) -> None:
    path = foreign_folder / "service.db"
    shutil.copyfile(template, path)
    path.chmod(0o444)
    foreign_folder.chmod(0o755)
    refusal(path.with_name("missing.db"))  # imports what an unprivileged user may not read
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(UNPRIVILEGED)
        else:
            foreign_folder.chmod(0o555)
        message = refusal(path)
    finally:
        if root:
            os.seteuid(0)
        foreign_folder.chmod(0o755)

    assert "is read-only" in message


async def test_full_disk_is_named_and_loses_nothing(database: Database) -> None:
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

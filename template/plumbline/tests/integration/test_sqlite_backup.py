"""A backup that is made during writes, its contents, and restoring it."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from plumbline import Unavailable
from plumbline.backup import back_up, main
from plumbline.database import Database
from sample.main import SERVICE
from sqlalchemy import text

INSERT = text("INSERT INTO _written VALUES (:number)")


def numbers(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [number for (number,) in connection.execute("SELECT * FROM _written ORDER BY 1")]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[list[int]]:
    """Commit one number after the other; give those that are committed."""
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _written (number INTEGER)"))
    committed: list[int] = []

    async def write() -> None:
        while True:
            async with database.write() as session:
                await session.execute(INSERT, {"number": len(committed)})
            committed.append(len(committed))

    task = asyncio.create_task(write())
    yield committed
    task.cancel()
    await asyncio.wait([task])


async def reach(committed: list[int], number: int) -> None:
    while len(committed) < number:  # noqa: ASYNC110 - the writer sends no signal
        await asyncio.sleep(0.001)


async def test_copy_has_what_was_committed_before_and_no_part_of_a_transaction(
    database: Database,
    tmp_path: Path,
) -> None:
    async with writing(database) as committed:
        await reach(committed, 20)
        before = len(committed)
        await asyncio.to_thread(back_up, Path(database.name), tmp_path / "copy.db")
        await reach(committed, before + 20)  # no writer has waited for the copy

    found = numbers(tmp_path / "copy.db")
    assert found == list(range(len(found)))
    assert before <= len(found) <= len(committed)
    assert names(tmp_path) == ["copy.db"]


async def test_copy_can_replace_the_original(database_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with Database(database_url) as database, writing(database) as committed:
        await reach(committed, 5)
        await asyncio.to_thread(back_up, Path(database.name), copy)
        await reach(committed, 50)

    place = Path(database.name)
    for leftover in place.parent.glob(f"{place.name}*"):
        leftover.unlink()
    shutil.copyfile(copy, place)

    async with SERVICE.open_database(database_url) as restored:
        await restored.check(writable=True)
        async with restored.read() as session:
            there = (await session.scalars(text("SELECT number FROM _written"))).all()
    assert sorted(there) == numbers(copy)


def test_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("my diary")

    with pytest.raises(Unavailable, match="name a new one"):
        back_up(tmp_path / "service.db", target)

    assert target.read_text() == "my diary"


def test_unreadable_database_leaves_no_copy(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be copied"):
        back_up(tmp_path / "service.db", tmp_path / "copy.db")

    assert names(tmp_path) == []


def test_copy_with_a_dangling_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE _parent (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE _child (parent REFERENCES _parent)")
        connection.execute("INSERT INTO _child VALUES (1)")
        connection.commit()

    with pytest.raises(Unavailable, match="is damaged"):
        back_up(path, tmp_path / "copy.db")

    assert names(tmp_path) == ["service.db"]


@pytest.mark.parametrize(
    ("url", "arguments", "sentence"),
    [
        ("sqlite+aiosqlite:///missing.db", [], "Name the service and a new file: python -m "),
        ("sqlite+aiosqlite:///missing.db", ["sample"], "Name the service and a new file: "),
        ("sqlite+aiosqlite:///missing.db", ["missing", "copy.db"], "missing is no service"),
        (
            "sqlite+aiosqlite:///missing.db",
            ["sample", "copy.db"],
            "missing.db cannot be copied to copy.db",
        ),
        ("postgresql+asyncpg://host/service", ["sample", "copy.db"], "copy it with pg_dump"),
        ("nonsense", ["sample", "copy.db"], "DATABASE_URL"),
    ],
)
def test_failure_is_explained_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    url: str,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMPLE_DATABASE_URL", url)

    assert sentence in str(main(arguments))


def test_success_is_printed(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sqlite3.connect(tmp_path / "service.db").execute("CREATE TABLE _any (id)").connection.close()
    url = "sqlite+aiosqlite:///service.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMPLE_DATABASE_URL", url)

    assert main(["sample", "copy.db"]) is None
    assert capsys.readouterr().out == "copy.db is a sound copy of service.db.\n"

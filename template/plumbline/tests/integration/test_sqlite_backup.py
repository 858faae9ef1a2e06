"""A backup that is made while others write, what is in it, and the way back."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from sqlalchemy import text

from {{ package }}.backup import back_up, main
from {{ package }}.database import Database
from {{ package }}.errors import Unavailable

INSERT = text("INSERT INTO _written VALUES (:number)")


def numbers(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [number for (number,) in connection.execute("SELECT * FROM _written ORDER BY 1")]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[list[int]]:
    """The numbers that are committed, while one after the other is."""
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
    while len(committed) < number:  # noqa: ASYNC110 - the writer tells nobody
        await asyncio.sleep(0.001)


async def test_a_copy_has_all_that_was_committed_before_and_nothing_by_halves(
    database: Database,
    tmp_path: Path,
) -> None:
    async with writing(database) as committed:
        await reach(committed, 20)
        before = len(committed)
        await asyncio.to_thread(back_up, Path(database.name), tmp_path / "copy.db")
        await reach(committed, before + 20)  # nobody has waited for the copy

    found = numbers(tmp_path / "copy.db")
    assert found == list(range(len(found)))
    assert before <= len(found) <= len(committed)
    assert names(tmp_path) == ["copy.db"]


async def test_a_copy_can_take_the_place_of_the_original(fresh: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with Database(fresh) as database, writing(database) as committed:
        await reach(committed, 5)
        await asyncio.to_thread(back_up, Path(database.name), copy)
        await reach(committed, 50)

    place = Path(database.name)
    for leftover in place.parent.glob(f"{place.name}*"):
        leftover.unlink()
    shutil.copyfile(copy, place)

    async with Database(fresh) as restored:
        await restored.check(writable=True)
        async with restored.read() as session:
            there = (await session.scalars(text("SELECT number FROM _written"))).all()
    assert sorted(there) == numbers(copy)


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("my diary")

    with pytest.raises(Unavailable, match="name a new one"):
        back_up(tmp_path / "service.db", target)

    assert target.read_text() == "my diary"


def test_a_database_that_cannot_be_read_leaves_no_copy(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be copied"):
        back_up(tmp_path / "service.db", tmp_path / "copy.db")

    assert names(tmp_path) == []


def test_a_dangling_key_is_found(tmp_path: Path) -> None:
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
        ("sqlite+aiosqlite:///missing.db", [], "Say where to: python -m "),
        ("sqlite+aiosqlite:///missing.db", ["copy.db"], "missing.db cannot be copied to copy.db"),
        ("postgresql+asyncpg://host/service", ["copy.db"], "copy it with pg_dump"),
        ("nonsense", ["copy.db"], "DATABASE_URL"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    url: str,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("{{ package | upper }}_DATABASE_URL", url)

    assert sentence in str(main(arguments))


def test_it_tells_what_it_has_done(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sqlite3.connect(tmp_path / "service.db").execute("CREATE TABLE _any (id)").connection.close()
    url = "sqlite+aiosqlite:///service.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("{{ package | upper }}_DATABASE_URL", url)

    assert main(["copy.db"]) is None
    assert capsys.readouterr().out == "copy.db is a sound copy of service.db.\n"

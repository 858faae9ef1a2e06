"""What the database promises, whichever it is: snapshots, constraints, all or nothing."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package }}.database import Database
from {{ package }}.errors import Conflict, TryAgain, Unavailable
from {{ package }}.testing.sandbox import Sandbox


async def make_family(session: AsyncSession) -> None:
    await session.execute(text("CREATE TABLE _parent (id INTEGER PRIMARY KEY)"))
    await session.execute(text("CREATE TABLE _child (parent INTEGER NOT NULL REFERENCES _parent)"))


async def test_foreign_keys_are_enforced(database: Database) -> None:
    async with database.write() as session:
        await make_family(session)

    with pytest.raises(Conflict, match="refers to something that is not there"):
        async with database.write() as session:
            await session.execute(text("INSERT INTO _child VALUES (1)"))


async def test_what_a_test_does_to_the_schema_is_undone_too(
    database: Database,
    sandbox: Sandbox,
) -> None:
    async with database.write() as session:
        await make_family(session)

    await sandbox.rewind()

    async with sandbox.database.write() as session:
        await make_family(session)


async def test_even_a_table_with_another_name_gets_its_own_back(
    database: Database,
    sandbox: Sandbox,
) -> None:
    async with database.write() as session:
        await session.execute(text("ALTER TABLE alembic_version RENAME TO _elsewhere"))

    await sandbox.rewind()

    await sandbox.database.check()


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            await make_family(session)
            raise RuntimeError

    async with database.write() as session:
        await make_family(session)


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.read() as session:
            await session.execute(text("CREATE TABLE _forbidden (id INTEGER)"))


async def test_a_reader_keeps_its_snapshot_while_a_writer_commits(database: Database) -> None:
    async with database.write() as session:
        await make_family(session)
    count = text("SELECT count(*) FROM _parent")

    async with database.read() as reader:
        assert await reader.scalar(count) == 0
        async with database.write() as writer:
            await writer.execute(text("INSERT INTO _parent VALUES (1)"))
        assert await reader.scalar(count) == 0

    async with database.read() as reader:
        assert await reader.scalar(count) == 1


async def test_errors_without_a_meaning_in_the_domain_stay_what_they_are(
    database: Database,
) -> None:
    with pytest.raises(DBAPIError, match="_nowhere"):
        async with database.read() as session:
            await session.execute(text("SELECT * FROM _nowhere"))


async def test_an_error_tells_the_query_and_none_of_its_values(database: Database) -> None:
    with pytest.raises(DBAPIError, match="_nowhere") as caught:
        async with database.read() as session:
            query = text("SELECT * FROM _nowhere WHERE secret = :secret")
            await session.execute(query, {"secret": "swordfish"})

    assert "swordfish" not in str(caught.value)


async def test_what_was_refused_is_repeated_until_it_succeeds(database: Database) -> None:
    tries: list[int] = []

    async def work() -> str:
        tries.append(len(tries))
        if len(tries) < 5:
            raise TryAgain
        return "done"

    assert await database.repeat(work) == "done"
    assert len(tries) == 5


async def test_a_part_can_be_repeated_alone_and_in_the_turn_of_the_whole(
    database: Database,
) -> None:
    parts: list[int] = []
    wholes: list[int] = []

    async def part() -> None:
        parts.append(len(parts))
        if len(parts) % 3:
            raise TryAgain

    async def whole() -> None:
        wholes.append(len(wholes))
        await database.repeat(part)
        if len(wholes) < 3:
            raise TryAgain

    async with asyncio.timeout(5):
        await database.repeat(whole)

    assert (len(parts), len(wholes)) == (9, 3)


async def test_what_is_refused_every_time_is_given_up(database: Database) -> None:
    async def work() -> None:
        raise TryAgain

    with pytest.raises(TryAgain):
        await database.repeat(work)

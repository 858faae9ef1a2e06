"""What holds for every database: snapshots, constraints, all or nothing, retries."""

import asyncio

import pytest
from plumbline import Conflict, SerializationFailure, Unavailable
from plumbline.database import Database
from plumbline.database.database import ATTEMPTS
from plumbline.testing.sandbox import Sandbox
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession


async def make_family(session: AsyncSession) -> None:
    await session.execute(text("CREATE TABLE _parent (id INTEGER PRIMARY KEY)"))
    await session.execute(text("CREATE TABLE _child (parent INTEGER NOT NULL REFERENCES _parent)"))


async def test_foreign_keys_are_enforced(database: Database) -> None:
    async with database.write() as session:
        await make_family(session)

    with pytest.raises(Conflict, match="refers to something that is not there"):
        async with database.write() as session:
            await session.execute(text("INSERT INTO _child VALUES (1)"))


async def test_rewind_undoes_a_change_of_the_schema(
    database: Database,
    sandbox: Sandbox,
) -> None:
    async with database.write() as session:
        await make_family(session)

    await sandbox.rewind()

    async with sandbox.database.write() as session:
        await make_family(session)


async def test_rewind_undoes_the_renaming_of_a_table(
    database: Database,
    sandbox: Sandbox,
) -> None:
    async with database.write() as session:
        await session.execute(text("ALTER TABLE alembic_version RENAME TO _renamed"))

    await sandbox.rewind()

    await sandbox.database.check()


async def test_failed_write_transaction_is_rolled_back(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            await make_family(session)
            raise RuntimeError

    async with database.write() as session:
        await make_family(session)


async def test_write_in_a_read_session_is_refused(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.read() as session:
            await session.execute(text("CREATE TABLE _forbidden (id INTEGER)"))


async def test_reader_keeps_its_snapshot_while_a_writer_commits(database: Database) -> None:
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


async def test_error_without_a_domain_error_is_not_translated(
    database: Database,
) -> None:
    with pytest.raises(DBAPIError, match="_nowhere"):
        async with database.read() as session:
            await session.execute(text("SELECT * FROM _nowhere"))


async def test_error_shows_the_query_and_none_of_its_values(database: Database) -> None:
    with pytest.raises(DBAPIError, match="_nowhere") as caught:
        async with database.read() as session:
            query = text("SELECT * FROM _nowhere WHERE secret = :secret")
            await session.execute(query, {"secret": "swordfish"})

    assert "swordfish" not in str(caught.value)


async def test_retry_on_conflict_runs_until_it_succeeds(database: Database) -> None:
    tries: list[int] = []

    async def work() -> str:
        tries.append(len(tries))
        if len(tries) < 5:
            raise SerializationFailure
        return "done"

    assert await database.retry_on_conflict(work) == "done"
    assert len(tries) == 5


async def test_nested_retry_on_conflict_keeps_the_turn_of_the_outer_one(
    database: Database,
) -> None:
    parts: list[int] = []
    wholes: list[int] = []

    async def part() -> None:
        parts.append(len(parts))
        if len(parts) % 3:
            raise SerializationFailure

    async def whole() -> None:
        wholes.append(len(wholes))
        await database.retry_on_conflict(part)
        if len(wholes) < 3:
            raise SerializationFailure

    async with asyncio.timeout(120):  # it would wait for itself
        await database.retry_on_conflict(whole)

    assert (len(parts), len(wholes)) == (9, 3)


async def test_retry_on_conflict_gives_up_after_its_attempts(database: Database) -> None:
    tries: list[int] = []

    async def work() -> None:
        tries.append(len(tries))
        raise SerializationFailure

    with pytest.raises(SerializationFailure):
        await database.retry_on_conflict(work)
    assert len(tries) == ATTEMPTS + 2

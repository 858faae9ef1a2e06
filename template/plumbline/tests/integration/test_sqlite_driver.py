"""The driver needs few thread round trips, and none that blocks the loop or overtakes another."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Coroutine
from contextlib import closing
from typing import Any, cast

import pytest
from plumbline.database import Database
from plumbline.database.sqlite_driver import ROWS, Connection
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

VALUES = text("SELECT value FROM json_each(:values)")
FEW = VALUES.bindparams(values=json.dumps([*range(10)]))
MANY = VALUES.bindparams(values=json.dumps([*range(2 * ROWS + 1)]))
PAIRS = text("SELECT count(*) FROM json_each(:values) AS one, json_each(:values) AS other")
LONG = PAIRS.bindparams(values=json.dumps([*range(500)]))


async def driver_of(session: AsyncSession) -> Connection:
    raw = await (await session.connection()).get_raw_connection()
    return cast("Connection", raw.driver_connection)


async def round_trips_of(session: AsyncSession) -> int:
    """Return how many thread round trips the session's connection has made so far."""
    return (await driver_of(session)).sent


def busy(drivers: list[Connection]) -> bool:
    return any(driver.is_busy() for driver in drivers)


async def turns_until(work: Coroutine[Any, Any, object]) -> int:
    """Return how many turns other tasks get until it is done."""
    doing, turns = asyncio.create_task(work), 0
    while not doing.done():
        await asyncio.sleep(0)
        turns += 1
    await doing
    return turns


async def test_short_query_needs_no_thread_round_trip(database: Database) -> None:
    async with database.read() as session:
        before = await round_trips_of(session)
        assert (await session.scalars(FEW)).all() == [*range(10)]
        assert await round_trips_of(session) == before


async def test_change_needs_one_thread_round_trip_and_its_commit_another(
    database: Database,
) -> None:
    async with database.write() as session:
        before = await round_trips_of(session)
        await session.execute(text("CREATE TABLE _number (value INTEGER)"))
        assert await round_trips_of(session) == before + 1
    async with database.write() as session:
        assert await round_trips_of(session) == before + 2


async def test_long_query_lets_other_tasks_run(database: Database) -> None:
    async with database.read() as session:
        assert await turns_until(session.scalar(LONG)) > 1


async def test_query_that_is_too_long_for_the_loop_keeps_the_changes_of_its_transaction(
    database: Database,
) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _number (value INTEGER)"))
        await session.execute(text("INSERT INTO _number VALUES (7)"))
        assert await session.scalar(LONG) == 500 * 500

    async with database.read() as session:
        assert (await session.scalars(text("SELECT value FROM _number"))).all() == [7]


async def test_rows_are_complete_and_in_order_however_they_are_fetched(database: Database) -> None:
    expected = [*range(2 * ROWS + 1)]
    async with database.read() as session:
        assert (await session.scalars(MANY)).all() == expected

        streamed = await session.stream_scalars(MANY)
        assert await streamed.first() == 0

        streamed = await session.stream_scalars(MANY)
        assert [value async for value in streamed] == expected

        streamed = await session.stream_scalars(MANY)
        parts = [part async for part in streamed.partitions(ROWS - 1)]
        assert [value for part in parts for value in part] == expected
        assert len(parts[0]) == ROWS - 1


async def test_one_statement_takes_many_parameters(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _number (value INTEGER)"))
        values = [{"value": number} for number in range(5)]
        await session.execute(text("INSERT INTO _number VALUES (:value)"), values)
        assert (await session.scalars(text("SELECT value FROM _number"))).all() == [*range(5)]


async def test_cancelled_query_is_not_overtaken(database: Database) -> None:
    drivers: list[Connection] = []

    async def ask() -> None:
        async with database.read() as session:
            drivers.append(await driver_of(session))
            await session.scalar(LONG)

    asking = asyncio.create_task(ask())
    while not (asking.done() or busy(drivers)):  # noqa: ASYNC110 - it sends no signal
        await asyncio.sleep(0)
    asking.cancel()  # while the thread is at work
    await asyncio.wait([asking])

    assert asking.cancelled()
    async with database.read() as session:
        assert (await session.scalars(FEW)).all() == [*range(10)]


async def test_waiting_writer_lets_other_tasks_run(database: Database) -> None:
    async with database.write() as session:
        await session.scalars(FEW)  # the connection is open from here on
    other = sqlite3.connect(database.name, isolation_level=None, check_same_thread=False)
    loop_goes_on, seen = threading.Event(), []

    def leave() -> None:
        seen.append(loop_goes_on.wait(60))
        other.rollback()

    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        leaving = threading.Thread(target=leave)
        leaving.start()
        async with database.write() as session:
            await session.connection()
            waiting = asyncio.create_task(session.scalars(FEW))
            await asyncio.sleep(0)
            loop_goes_on.set()
            await waiting
        leaving.join()
    assert seen == [True]


async def test_sqlite_itself_waits_for_no_lock(database: Database) -> None:
    """It would wait in the event loop; the driver waits in its thread instead."""
    async with database.write() as session:
        assert await session.scalar(text("PRAGMA busy_timeout")) == 0


async def test_error_that_is_kept_does_not_keep_the_lock(database: Database) -> None:
    drivers: list[Connection] = []

    async def change() -> None:
        async with database.write() as session:
            drivers.append(await driver_of(session))
            await session.execute(text("INSERT INTO _number VALUES (1)"))
            await session.scalar(LONG)

    async with database.write() as session:
        await session.execute(text("CREATE TABLE _number (value INTEGER NOT NULL)"))
    with pytest.raises(DBAPIError) as kept:
        async with database.write() as session:
            await session.execute(text("INSERT INTO _number VALUES (NULL)"))
    changing = asyncio.create_task(change())
    while not (changing.done() or busy(drivers)):  # noqa: ASYNC110 - it sends no signal
        await asyncio.sleep(0)
    changing.cancel()  # which closes the connection
    await asyncio.wait([changing])

    def take_the_lock() -> None:
        with closing(sqlite3.connect(database.name, timeout=120, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")

    await asyncio.to_thread(take_the_lock)  # as soon as the connection's own thread has closed it
    assert "NOT NULL" in str(kept.value)

"""Tests that misbehave, each in its own way, and tests that must not notice.

To be planted into a service called orders, in `tests/integration/`. Those called `test_culprit_…`
must fail, all others must pass, in any order.
"""

import asyncio
import sqlite3
import time

import httpx2
import pytest
from plumbline.database import Database  # type: ignore[import-not-found] # it is not here
from sqlalchemy import text  # type: ignore[import-not-found] # nor are the libraries
from sqlalchemy.ext.asyncio import AsyncSession  # type: ignore[import-not-found] # the same

KEPT: list[object] = []
URL = "/api/v1/orders"
READ = text("SELECT name FROM orders")
INSERT = text(
    "INSERT INTO orders (id, name, description, version, created_at, updated_at)"
    " VALUES (hex(randomblob(16)), 'blue', '', 1, '2026-01-01', '2026-01-01')"
)


async def test_culprit_leaves_a_session_open(database: Database) -> None:
    transaction = database.write()
    KEPT.append(transaction)
    session = await transaction.__aenter__()
    await session.execute(INSERT)


async def test_culprit_leaves_a_reader_open(database: Database) -> None:
    transaction = database.read()
    KEPT.append(transaction)
    session = await transaction.__aenter__()
    await session.execute(READ)


async def test_culprit_forgets_a_session(database: Database) -> None:
    await AsyncSession(database.writer).execute(INSERT)


async def test_culprit_leaves_a_task_in_a_transaction(database: Database) -> None:
    writing = asyncio.Event()

    async def write_for_ever() -> None:
        async with database.write() as session:
            await session.execute(INSERT)
            writing.set()
            await asyncio.Event().wait()

    KEPT.append(asyncio.create_task(write_for_ever()))
    await writing.wait()


async def test_culprit_leaves_a_lock(database: Database) -> None:
    connection = sqlite3.connect(database.name, isolation_level=None)
    KEPT.append(connection)
    connection.execute("BEGIN IMMEDIATE")


async def test_culprit_leaves_a_task() -> None:
    KEPT.append(asyncio.create_task(asyncio.sleep(3600)))


async def test_culprit_leaves_a_task_that_refuses_to_end() -> None:
    async def go_on() -> None:
        while KEPT:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                KEPT.append("cancelled")

    KEPT.append(asyncio.create_task(go_on()))
    await asyncio.sleep(0)


async def test_culprit_waits_for_ever() -> None:
    await asyncio.Event().wait()


async def test_culprit_waits_for_itself(database: Database) -> None:
    async with database.write() as session:
        await session.execute(INSERT)
        async with database.write() as other:
            await other.execute(INSERT)


async def test_culprit_blocks_the_loop() -> None:
    while True:
        time.sleep(0.01)  # noqa: ASYNC251 - a culprit does what it must not


def test_culprit_without_a_loop_waits_for_ever() -> None:
    while True:
        time.sleep(0.01)


@pytest.mark.parametrize("number", range(8))
async def test_victim_has_the_database_for_itself(database: Database, number: int) -> None:
    async with database.write() as session:
        await session.execute(INSERT)
    async with database.read() as session:
        names = (await session.scalars(READ)).all()

    assert names == ["blue"], number


@pytest.mark.parametrize("number", range(8))
async def test_victim_has_the_service_for_itself(client: httpx2.AsyncClient, number: int) -> None:
    created = await client.post(URL, json={"name": "blue"})
    page = (await client.get(URL)).json()

    assert created.status_code == 201
    assert [each["name"] for each in page["items"]] == ["blue"], number


async def test_victim_has_a_server_for_itself(server: httpx2.AsyncClient) -> None:
    assert (await server.post(URL, json={"name": "blue"})).status_code == 201


async def test_victim_has_a_session_for_itself(session: AsyncSession) -> None:
    await session.execute(INSERT)

"""Many clients at once: nothing is lost, nothing is doubled, nobody is told that it is locked."""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from identity.database import Database
from identity.modules.api_keys.factories import (
    ApiKeyCreateFactory,
)
from identity.modules.api_keys.models import (
    ApiKey,
)

URL = "/api/v1/api-keys"
MANY = 50


async def create(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    new = ApiKeyCreateFactory.build(**fields)
    return await client.post(URL, json=new.model_dump())


async def stored(database: Database) -> list[ApiKey]:
    async with database.read() as session:
        return list(await session.scalars(select(ApiKey)))


async def test_concurrent_creates_are_all_stored_and_all_distinct(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    answers = await asyncio.gather(*(create(client) for _ in range(MANY)))

    assert [answer.status_code for answer in answers] == [201] * MANY
    ids = {UUID(answer.json()["id"]) for answer in answers}
    assert len(ids) == MANY
    assert {row.id for row in await stored(database)} == ids


async def test_of_concurrent_updates_of_one_version_exactly_one_wins(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    created = await create(client)
    tag = {"If-Match": created.headers["etag"]}

    async def update(number: int) -> httpx2.Response:
        change = {"description": f"change {number}"}
        return await client.patch(created.headers["location"], json=change, headers=tag)

    answers = await asyncio.gather(*(update(number) for number in range(MANY)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: MANY - 1}
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert [(row.description, row.version) for row in await stored(database)] == [
        (winner["description"], 2)
    ]


async def test_whoever_reads_again_and_retries_loses_no_update(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    place = (await create(client, description="")).headers["location"]

    async def append(letter: str) -> None:
        status = 412
        while status == 412:
            read = await client.get(place)
            change = {"description": read.json()["description"] + letter}
            tag = {"If-Match": read.headers["etag"]}
            status = (await client.patch(place, json=change, headers=tag)).status_code
        assert status == 200

    await asyncio.gather(*(append(letter) for letter in "abcd"))

    assert ["".join(sorted(row.description)) for row in await stored(database)] == ["abcd"]


async def test_of_concurrent_duplicates_exactly_one_is_created(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    answers = await asyncio.gather(*(create(client, name="blue") for _ in range(MANY)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    assert [row.name for row in await stored(database)] == ["blue"]


async def test_whatever_was_answered_can_be_read_at_once(client: httpx2.AsyncClient) -> None:
    async def create_and_read() -> None:
        created = await create(client)
        read = await client.get(created.headers["location"])
        assert read.json() == created.json()

    await asyncio.gather(*(create_and_read() for _ in range(20)))


async def test_readers_do_not_wait_for_a_writer(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    place = (await create(client)).headers["location"]

    async with database.write() as writer:
        await writer.execute(select(ApiKey))  # takes the lock
        answers = await asyncio.gather(*(client.get(url) for url in [place, URL] * 25))

    assert [answer.status_code for answer in answers] == [200] * 50


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the writers are forked")
async def test_processes_that_write_at_once_lose_nothing_even_if_one_is_killed(fresh: str) -> None:
    processes, rows = 4, 20
    program = Path(__file__).with_name("write_api_keys.py")
    writers = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        fresh,
        str(processes),
        str(rows),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert writers.stdout is not None
    assert writers.stderr is not None

    acknowledged: dict[int, set[UUID]] = {}
    async for line in writers.stdout:
        pid, key = line.decode().split()
        acknowledged.setdefault(int(pid), set()).add(UUID(key))

    assert (await writers.stderr.read()).decode() == ""
    assert await writers.wait() == 1  # only the killed one failed
    assert sorted(map(len, acknowledged.values())) == [rows // 2] + [rows] * (processes - 1)
    async with Database(fresh) as database:
        assert {row.id for row in await stored(database)} == set().union(*acknowledged.values())

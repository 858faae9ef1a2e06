"""Several processes that write at once, and a service that is killed again and again."""

import asyncio
import os
import sys
from operator import itemgetter
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from plumbline.database import Database
from plumbline.testing.load import LoadTest, NoAnswer, Row
from plumbline.testing.serving import serve, serve_process
from sample.main import SERVICE
from sample.modules.notes.models import Note
from sample.resources import NoteResource
from sqlalchemy import select, text

BY_ID = itemgetter("id")
ROUNDS = 3
KILL_AFTER = 30  # rows


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the writers are forked")
async def test_processes_that_write_at_once_lose_nothing_even_if_one_is_killed(
    database_url: str,
) -> None:
    processes, rows = 4, 20
    program = Path(__file__).with_name("write_notes.py")
    writers = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        database_url,
        str(processes),
        str(rows),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert writers.stdout is not None
    assert writers.stderr is not None

    acknowledged: dict[int, set[UUID]] = {}
    async for line in writers.stdout:
        pid, note_id = line.decode().split()
        acknowledged.setdefault(int(pid), set()).add(UUID(note_id))

    assert (await writers.stderr.read()).decode() == ""
    assert await writers.wait() == 1  # only the killed one failed
    assert sorted(map(len, acknowledged.values())) == [rows // 2] + [rows] * (processes - 1)
    async with Database(database_url) as database, database.read() as session:
        stored = {row.id for row in await session.scalars(select(Note))}
    assert stored == set().union(*acknowledged.values())


async def test_load_leaves_exactly_what_was_acknowledged(app: FastAPI) -> None:
    async with serve(app) as address, LoadTest.against(address, NoteResource) as load:
        await load.prepare()
        await load.run(400)
        stored = await load.clients[0].resource.list()

    assert load.failures == []
    assert sorted(stored, key=BY_ID) == sorted(load.acknowledged.rows.values(), key=BY_ID)
    assert load.acknowledged.changes.total() > 0
    assert load.lost_changes == []


async def test_service_killed_again_and_again_keeps_what_it_acknowledged(
    database_url: str, tmp_path: Path
) -> None:
    acknowledged: dict[str, Row] = {}
    unanswered = 0
    for _ in range(ROUNDS):
        async with (
            serve_process(SERVICE, database_url, tmp_path) as service,
            LoadTest.against(service.address, NoteResource) as load,
        ):
            await load.create_until(KILL_AFTER, service.process.kill)
        assert {type(failure) for failure in load.failures} == {NoAnswer}
        acknowledged |= load.acknowledged.rows
        unanswered += len(load.failures)

    async with (
        serve_process(SERVICE, database_url, tmp_path) as service,
        LoadTest.against(service.address, NoteResource) as load,
    ):
        ready = await load.clients[0].resource.http.get("/health/ready")
        stored = await load.clients[0].resource.list()

    assert ready.status_code == 200
    assert len(acknowledged) >= ROUNDS * KILL_AFTER
    kept = [row for row in stored if row["id"] in acknowledged]
    assert sorted(kept, key=BY_ID) == sorted(acknowledged.values(), key=BY_ID)
    assert len(stored) - len(kept) <= unanswered
    if database_url.startswith("sqlite"):
        async with SERVICE.open_database(database_url) as database, database.read() as session:
            assert await session.scalar(text("PRAGMA integrity_check")) == "ok"

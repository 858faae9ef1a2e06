"""The whole service in a process of its own, under many clients: for long, and killed."""

from operator import itemgetter
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from identity.database import Database
from identity.modules.sessions.factories import (
    SessionCreateFactory,
)
from identity.testing.crowd import Crowd, NoAnswer, Resource, Row
from identity.testing.serving import serve_alone
from identity.testing.vitals import need_proc, watched

RESOURCE = Resource(
    "/api/v1/sessions",
    new=lambda: SessionCreateFactory.build().model_dump(),
    change=lambda: {"description": uuid4().hex},
)
BY_ID = itemgetter("id")
MIB = 1024**2
# After the warm-up the allocator still takes 1 to 3 MiB. In five minutes, a hundred thousand
# requests that each leave 100 bytes behind are more than this.
MORE_MEMORY = 8 * MIB
MORE_FILES = 10  # the pools may still open five connections; SQLite has two files for each
# SQLite writes the log back when it has 1000 pages, 4 MiB, and then starts it anew as soon as
# nobody reads the old one (https://sqlite.org/wal.html, "Avoiding Excessively Large WAL Files").
MOST_WAL = 4 * 4 * MIB


async def test_it_bears_a_mixed_load_for_as_long_as_seconds_says(
    fresh: str,
    seconds: float,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    subtests: pytest.Subtests,
) -> None:
    async with (
        serve_alone(fresh, tmp_path) as service,
        Crowd.of(service.address, RESOURCE) as crowd,
    ):
        async with watched(service, fresh) as record:
            await crowd.work(seconds)
        assert not crowd.failures, f"{crowd.failures[0]}; its log ends\n{''.join(service.log)}"
        stored = await crowd.clients[0].everything()

    request.node.user_properties += (crowd.figures | record.figures).items()

    with subtests.test("nothing is lost, and nothing deleted comes back"):
        assert sorted(stored, key=BY_ID) == sorted(crowd.told.rows.values(), key=BY_ID)
        assert crowd.told.lost_changes == []
    with subtests.test("all clients get on"):
        assert crowd.least_share > 0.5
    with subtests.test("its memory is flat"):
        need_proc()
        assert record.end.memory - record.begin.memory < MORE_MEMORY
    with subtests.test("its open files are flat"):
        need_proc()
        assert record.end.files - record.begin.files <= MORE_FILES
    with subtests.test("its WAL is bounded"):
        if not fresh.startswith("sqlite"):
            pytest.skip("PostgreSQL's is the server's, which bounds it by max_wal_size")
        assert record.most_wal < MOST_WAL


async def test_killed_again_and_again_it_keeps_all_that_it_acknowledged(
    fresh: str,
    tmp_path: Path,
) -> None:
    acknowledged: dict[str, Row] = {}
    unanswered = 0
    for _ in range(3):
        async with (
            serve_alone(fresh, tmp_path) as service,
            Crowd.of(service.address, RESOURCE) as crowd,
        ):
            await crowd.create_until(30, service.process.kill)
        assert {type(failure) for failure in crowd.failures} == {NoAnswer}
        acknowledged |= crowd.told.rows
        unanswered += len(crowd.failures)

    async with (
        serve_alone(fresh, tmp_path) as service,
        Crowd.of(service.address, RESOURCE) as crowd,
    ):
        ready = await crowd.clients[0].http.get("/health/ready")
        stored = await crowd.clients[0].everything()

    assert ready.status_code == 200
    assert len(acknowledged) >= 90
    kept = [row for row in stored if row["id"] in acknowledged]
    assert sorted(kept, key=BY_ID) == sorted(acknowledged.values(), key=BY_ID)
    assert len(stored) - len(kept) <= unanswered
    if fresh.startswith("sqlite"):
        async with Database(fresh) as database, database.read() as session:
            assert await session.scalar(text("PRAGMA integrity_check")) == "ok"

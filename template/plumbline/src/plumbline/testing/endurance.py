"""Tests of a whole service in a process of its own: a mixed load, then `kill -9` during writes.

    from plumbline.testing.endurance import *

    @pytest.fixture
    def resource() -> type[Resource]:
        return Products

`--seconds` makes the load go on for so long. A service whose memory may grow by more overrides the
fixture `memory_limit`.
"""

from pathlib import Path
from time import monotonic
from typing import Final

import pytest
from sqlalchemy import text

from .duration import BRIEF
from .load import LoadTest, NoAnswer, Resource
from .resource_usage import MIB, UsageHistory, skip_without_proc
from .sandbox import AnyService
from .serving import serve_process

__all__ = ["test_service_under_load_loses_nothing_and_survives_kill"]

WARM_UP: Final = 50 if BRIEF else 150  # requests: pools, caches and the allocator fill
ROUND: Final = 50 if BRIEF else 250  # requests, about every tenth of which creates a row
ROUNDS: Final = 2
# Pools may still open their connections: five, with two files each on SQLite, and some sockets.
# A file that each creation leaves open would make about 50.
FILES: Final = 25
# SQLite writes the log back when it has 1000 pages, 4 MiB, and then starts it anew as soon as
# no reader needs the old one (https://sqlite.org/wal.html, "Avoiding Excessively Large WAL Files").
WAL: Final = 4 * 4 * MIB
FAIRNESS: Final = 0.3  # of the mean; on one server all clients get about the same
KILL_AFTER: Final = 30  # rows


async def test_service_under_load_loses_nothing_and_survives_kill(  # noqa: PLR0913, PLR0917 - fixtures
    plumbline_service: AnyService,
    resource: type[Resource],
    memory_limit: int,
    database_url: str,
    seconds: float | None,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    subtests: pytest.Subtests,
) -> None:
    async with serve_process(plumbline_service, database_url, tmp_path) as service:
        usage = UsageHistory(service, database_url)
        async with LoadTest.against(service.address, resource) as load:
            await load.prepare()
            await load.run(WARM_UP)
            usage.take_sample()
            started, rounds = monotonic(), 0
            while rounds < ROUNDS or monotonic() - started < (seconds or 0):
                await load.run(ROUND)
                usage.take_sample()
                rounds += 1
                if load.failures:
                    break
            assert not load.failures, f"{load.failures[0]}; its log ends\n{''.join(service.log)}"
            request.node.user_properties += (load.figures | usage.figures).items()
            fairness = load.fairness
            await load.create_until(len(load.acknowledged.rows) + KILL_AFTER, service.process.kill)

    assert {type(failure) for failure in load.failures} == {NoAnswer}
    unanswered = len(load.failures)
    async with (
        serve_process(plumbline_service, database_url, tmp_path) as again,
        LoadTest.against(again.address, resource) as after,
    ):
        for old, new in zip(load.clients, after.clients, strict=True):
            new.resource.http.headers = old.resource.http.headers  # logged in as before
        ready = await after.clients[0].resource.http.get("/health/ready")
        found = [row for one in after.clients for row in await one.resource.list()]
    stored = {after.clients[0].resource.key(row): row for row in found}
    acknowledged = load.acknowledged.rows

    with subtests.test("nothing is lost, and nothing deleted comes back"):
        assert ready.status_code == 200  # noqa: PLR2004 - HTTP's own number
        assert acknowledged.keys() <= stored.keys()
        assert len(stored) - len(acknowledged) <= unanswered
        comparable = acknowledged.keys() if load.clients[0].resource.rows_are_complete else ()
        assert {key: stored[key] for key in comparable} == {
            key: acknowledged[key] for key in comparable
        }
        assert load.lost_changes == []
    with subtests.test("all clients get on"):
        assert fairness > FAIRNESS
    with subtests.test("its memory is flat"):
        skip_without_proc()
        assert usage.growth.memory < memory_limit
    with subtests.test("its open files are flat"):
        skip_without_proc()
        assert usage.growth.files <= FILES
    with subtests.test("its WAL is bounded"):
        if not database_url.startswith("sqlite"):
            pytest.skip("PostgreSQL's is the server's, which bounds it by max_wal_size")
        assert usage.peak_wal < WAL
    with subtests.test("its database is sound"):
        if not database_url.startswith("sqlite"):
            pytest.skip("PostgreSQL recovers by itself")
        database = plumbline_service.open_database(database_url)
        async with database, database.read() as session:
            assert await session.scalar(text("PRAGMA integrity_check")) == "ok"

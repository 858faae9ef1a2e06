"""The load test, the tests of concurrency, and the figures notice what they are for."""

import asyncio
import os
import re
from collections import deque
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, ClassVar, cast
from uuid import uuid4

import httpx2
import pytest
from plumbline.testing import concurrency
from plumbline.testing.endurance import FAIRNESS, FILES
from plumbline.testing.load import Client, LoadTest, Resource, Row, UnexpectedAnswer
from plumbline.testing.resource_usage import MIB, UsageHistory, skip_without_proc
from plumbline.testing.serving import ServiceProcess
from sample.resources import NoteResource


class InMemory(Resource):
    """A resource without a service, all of whose clients share one store."""

    store: ClassVar[dict[str, Row]] = {}

    async def answer(self) -> None:
        """Count as one answered request, and let other clients take their turn."""
        await asyncio.sleep(0)
        self.milliseconds.append(1.0)

    def new(self) -> Row:
        """Return a body."""
        return {"id": uuid4().hex, "version": 1}

    async def create(self, body: Row) -> Row:
        """Store it."""
        await self.answer()
        self.store[body["id"]] = body
        return dict(body)

    async def read(self, key: str) -> Row | None:
        """Find it."""
        await self.answer()
        return self.store.get(key)

    async def list(self) -> list[Row]:
        """Return all."""
        await self.answer()
        return [*self.store.values()]

    async def update(self, key: str) -> Row | None:
        """Make its version grow."""
        await self.answer()
        self.store[key] = self.found(key) | {"version": self.found(key)["version"] + 1}
        return self.store[key]

    def found(self, key: str) -> Row:
        """Return the row, as a service would answer 404 otherwise."""
        if (row := self.store.get(key)) is None:
            raise UnexpectedAnswer(f"None was found, where {key} was acknowledged")
        return row

    async def delete(self, key: str) -> bool:
        """Remove it."""
        await self.answer()
        del self.store[self.found(key)["id"]]
        return True

    def changes(self, row: Row) -> int | None:
        """Return how often it was changed."""
        return int(row["version"]) - 1


class LosesRows(InMemory):
    """Acknowledges a row that it does not store."""

    store: ClassVar[dict[str, Row]] = {}
    created = 0

    async def create(self, body: Row) -> Row:
        """Forget each fifth row of a client."""
        row = await super().create(body)
        self.created += 1
        if self.created % 5 == 0:
            del self.store[row["id"]]
        return row


class LosesChanges(InMemory):
    """Overwrites what another client has changed since it read the row."""

    store: ClassVar[dict[str, Row]] = {}

    async def update(self, key: str) -> Row | None:
        """Read, let others change it, and write."""
        version = self.store[key]["version"]
        await self.answer()
        self.store[key] = self.store[key] | {"version": version + 1}
        return self.store[key]


class KeepsDeleted(InMemory):
    """Acknowledges that a row is deleted, and keeps it."""

    store: ClassVar[dict[str, Row]] = {}

    async def delete(self, key: str) -> bool:
        """Do nothing."""
        await self.answer()
        return bool(key)


class Starves(InMemory):
    """Answers its first client only now and then."""

    store: ClassVar[dict[str, Row]] = {}
    first: ClassVar[Resource | None] = None

    async def answer(self) -> None:
        """Let the others have fifty turns first."""
        Starves.first = Starves.first or self
        for _ in range(50 if Starves.first is self else 0):
            await asyncio.sleep(0)
        await super().answer()


async def loaded(resource: type[InMemory], requests: int = 600) -> LoadTest:
    """Run the load test against a resource without a service."""
    resource.store.clear()
    async with LoadTest.against("http://unused", resource) as load:
        await load.prepare()
        await load.run(requests)
    return load


async def test_load_on_a_correct_resource_finds_no_fault() -> None:
    load = await loaded(InMemory)

    assert load.failures == []
    assert load.lost_changes == []
    assert load.acknowledged.rows == InMemory.store
    assert load.acknowledged.changes.total() > 0
    assert load.fairness > FAIRNESS
    assert int(load.figures["requests"]) >= 600


@pytest.mark.parametrize(
    ("resource", "reason"),
    [(LosesRows, r"None was (read|found), where"), (KeepsDeleted, "was read after it was deleted")],
)
async def test_lost_row_and_kept_row_end_the_load_with_a_failure(
    resource: type[InMemory], reason: str
) -> None:
    load = await loaded(resource, requests=20_000)  # it ends with the first failure

    assert load.failures
    assert re.search(reason, str(load.failures[0]))


async def test_lost_change_is_counted() -> None:
    load = await loaded(LosesChanges)

    assert load.lost_changes != []


async def test_starved_client_lowers_the_fairness() -> None:
    load = await loaded(Starves, requests=2000)

    assert load.failures == []
    assert load.fairness < FAIRNESS


async def test_client_without_an_answer_is_a_failure() -> None:
    class Refused(NoteResource):
        """Notes of a service that is not there."""

    async with LoadTest.against("http://127.0.0.1:1", Refused) as load:
        await load.create_until(1, lambda: None)

    assert {type(failure).__name__ for failure in load.failures} == {"NoAnswer"}
    assert len(load.failures) == len(load.clients)


async def test_unexpected_status_is_a_failure(client: httpx2.AsyncClient) -> None:
    one = Client(NoteResource(client), LoadTest([], cast("Any", None)).acknowledged)

    with pytest.raises(UnexpectedAnswer, match="GET /nowhere got 404"):
        await one.resource.ask("GET", "/nowhere", 200)


# The tests of many clients at once


Test = Callable[[Resource], Awaitable[None]]


class Forgets(InMemory):
    """Stores no row at all."""

    store: ClassVar[dict[str, Row]] = {}

    async def create(self, body: Row) -> Row:
        """Only acknowledge it."""
        await self.answer()
        return body


class SameKey(InMemory):
    """Gives all rows one key."""

    store: ClassVar[dict[str, Row]] = {}

    def key(self, row: Row) -> str:  # noqa: ARG002 - the mistake under test
        """Return the same for all."""
        return "same"


CREATES = concurrency.test_concurrent_creates_are_all_stored_and_all_distinct
READS = concurrency.test_created_row_can_be_read_at_once
UPDATES = concurrency.test_retried_updates_lose_no_change


@pytest.mark.parametrize(
    ("test", "resource"),
    [(CREATES, Forgets), (CREATES, SameKey), (READS, Forgets), (UPDATES, LosesChanges)],
)
async def test_fault_of_a_resource_fails_the_test_of_concurrency(
    test: Test, resource: type[InMemory]
) -> None:
    resource.store.clear()
    http = httpx2.AsyncClient()

    with pytest.raises(AssertionError):
        await test(resource(http))


@pytest.mark.parametrize("test", [CREATES, READS, UPDATES])
async def test_correct_resource_passes_the_tests_of_concurrency(test: Test) -> None:
    InMemory.store.clear()

    await test(InMemory(httpx2.AsyncClient()))


# Memory and open files


async def test_leak_of_memory_and_files_is_measured(database_url: str) -> None:
    skip_without_proc()
    process = cast("Any", SimpleNamespace(pid=os.getpid()))
    usage = UsageHistory(ServiceProcess("", process, deque()), database_url)
    usage.take_sample()
    leaked = b"x" * (32 * MIB)
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(FILES + 5)]

    usage.take_sample()

    for each in files:
        os.close(each)
    assert usage.growth.files >= len(files)
    assert usage.growth.memory > 16 * MIB
    assert len(leaked) > usage.growth.wal == 0
    assert "MiB warmed up" in usage.figures["memory"]

"""A load test: clients that use one resource at once, and compare what was acknowledged.

A team describes a resource of its own by a class: `RestResource` for the shape of the sample, or
`Resource` for any other. Work is counted in requests, not in time, so that a slow machine changes
nothing but the duration.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from statistics import quantiles
from time import monotonic
from typing import Any, ClassVar, Final, Self

import httpx2

CLIENTS: Final = 8
OWN_ROWS: Final = 2  # of each client; it deletes when it has more
SHARED_ROWS: Final = 3
PAGE: Final = 20  # rows
ANSWER_TIMEOUT: Final = 240.0  # seconds, far off: a loaded machine is no failure

Row = dict[str, Any]  # Any: whatever the resource holds
Step = Callable[[], Awaitable[None]]


class UnexpectedAnswer(Exception):
    """A response that no client may get."""


class NoAnswer(UnexpectedAnswer):
    """The connection was dropped or refused, or nothing came within `ANSWER_TIMEOUT`."""


@dataclass
class Acknowledged:
    """What the service has acknowledged: the last state of each row, and its number of changes."""

    rows: dict[str, Row] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)


class Resource(ABC):
    """How one client of the load test uses a resource; a team derives a class for its own.

    All methods but `new`, `create`, `read` and `list` may be left out: what a resource cannot do is
    not tested. A method that sends a request does so by `ask`. `rows_are_complete` says whether
    `list` and `read` return the same row as `create` and `update`.
    """

    rows_are_complete: ClassVar[bool] = True

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http
        self.milliseconds: list[float] = []

    async def ask(self, method: str, path: str, *expected: int, **how: Any) -> httpx2.Response:
        """Send a request. Raises `UnexpectedAnswer` for another status, `NoAnswer` for none."""
        started = monotonic()
        try:
            answer = await self.http.request(method, path, **how)
        except httpx2.HTTPError as error:
            raise NoAnswer(f"{method} {path}: {error!r}") from error
        self.milliseconds.append((monotonic() - started) * 1000)
        if answer.status_code not in expected:
            raise UnexpectedAnswer(f"{method} {path} got {answer.status_code}: {answer.text}")
        return answer

    async def prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """Log in, or create what the rows belong to."""

    @abstractmethod
    def new(self) -> Row:
        """Return the body of a request that creates a row; different each time."""

    @abstractmethod
    async def create(self, body: Row) -> Row:
        """Create a row; return it as it was acknowledged."""

    @abstractmethod
    async def read(self, key: str) -> Row | None:
        """Return the row with this key, or None if there is none."""

    @abstractmethod
    async def list(self) -> list[Row]:
        """Return all rows of this client, or of all clients."""

    async def list_first_page(self) -> None:
        """Read what a client would see first."""
        await self.list()

    async def update(self, key: str) -> Row | None:  # noqa: ARG002 - for those that can
        """Change the row with this key, whatever others do; return it as it was acknowledged.

        Return None if rows never change.
        """
        return None

    async def delete(self, key: str) -> bool:  # noqa: ARG002 - for those that can
        """Delete the row with this key. Return whether rows can be deleted."""
        return False

    def steps(self, client: "Client", shared: Sequence[str]) -> Sequence[Step]:
        """Return what a client does again and again, in any order; a team may choose others."""
        return [
            client.create_own,
            client.read_own,
            self.list_first_page,
            client.delete_own,
            lambda: client.change(client.own),
            lambda: client.change(shared),
        ]

    def key(self, row: Row) -> str:
        """Return what a row is found by."""
        return str(row["id"])

    def changes(self, row: Row) -> int | None:  # noqa: ARG002 - for those that can
        """Return how often a row was changed since it was created, or None if it does not say."""
        return None


class RestResource(Resource):
    """A resource of the sample's shape: `id`, `version`, ETag and pages by cursor."""

    url: ClassVar[str]
    unique: ClassVar[str] = ""
    """The field that only one row may have; empty if there is none."""

    @abstractmethod
    def change(self) -> Row:
        """Return the body of a request that changes a row; different each time."""

    async def create(self, body: Row) -> Row:
        """Create a row."""
        row: Row = (await self.ask("POST", self.url, 201, json=body)).json()
        return row

    async def read(self, key: str) -> Row | None:
        """Read a row."""
        answer = await self.ask("GET", f"{self.url}/{key}", 200, 404)
        return answer.json() if answer.status_code == HTTPStatus.OK else None

    async def list(self) -> list[Row]:
        """Read all rows, page by page."""
        rows, after = [], ""
        while True:
            page = (await self.ask("GET", f"{self.url}?limit={PAGE}{after}", 200)).json()
            rows += page["items"]
            if page["next_cursor"] is None:
                return rows
            after = f"&cursor={page['next_cursor']}"

    async def list_first_page(self) -> None:
        """Read the first page."""
        await self.ask("GET", f"{self.url}?limit={PAGE}", 200)

    async def update(self, key: str) -> Row | None:
        """Change a row; where another client came first, read it again and retry."""
        place, status = f"{self.url}/{key}", HTTPStatus.PRECONDITION_FAILED.value
        while status == HTTPStatus.PRECONDITION_FAILED:
            read = await self.ask("GET", place, 200)
            change, tag = self.change(), {"If-Match": read.headers["etag"]}
            answer = await self.ask("PATCH", place, 200, 412, json=change, headers=tag)
            status = answer.status_code
        before, after = read.json(), answer.json()
        if after != after | change or after["version"] != before["version"] + 1:
            raise UnexpectedAnswer(f"{change} made {after} of {before}")
        return dict(after)

    async def delete(self, key: str) -> bool:
        """Delete a row; a rival's change in between is none, as each client deletes its own."""
        place = f"{self.url}/{key}"
        tag = {"If-Match": (await self.ask("GET", place, 200)).headers["etag"]}
        await self.ask("DELETE", place, 204, headers=tag)
        return True

    def changes(self, row: Row) -> int | None:
        """Return how often it was changed: versions count from 1."""
        return int(row["version"]) - 1


@dataclass
class Client:
    """One of the clients, which takes one step after the other."""

    resource: Resource
    acknowledged: Acknowledged
    own: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many of its requests were answered."""
        return len(self.resource.milliseconds)

    async def create(self) -> str:
        """Create a row; return its key."""
        row = await self.resource.create(self.resource.new())
        key = self.resource.key(row)
        self.acknowledged.rows[key] = row
        return key

    async def create_own(self) -> None:
        """Create a row that only this client changes."""
        self.own.append(await self.create())

    async def read_own(self) -> None:
        """Read one of its own, which must be as it was acknowledged last."""
        key = random.choice(self.own)  # noqa: S311 - any will do
        row = await self.resource.read(key)
        if row != self.acknowledged.rows[key]:
            last = self.acknowledged.rows[key]
            raise UnexpectedAnswer(f"{row} was read, where {last} was acknowledged")

    async def change(self, keys: Sequence[str]) -> None:
        """Change one of these rows; of two acknowledged states, the one of more changes counts."""
        key = random.choice(keys)  # noqa: S311 - any will do
        row = await self.resource.update(key)
        if row is None:
            return
        rows, count = self.acknowledged.rows, self.resource.changes
        self.acknowledged.changes[key] += 1
        if (count(row) or 0) >= (count(rows[key]) or 0):
            rows[key] = row

    async def delete_own(self) -> None:
        """Delete its oldest row, if it has enough; that is gone at once."""
        if len(self.own) > OWN_ROWS:
            key = self.own[0]
            if not await self.resource.delete(key):
                return
            self.own.pop(0)
            del self.acknowledged.rows[key]
            if (row := await self.resource.read(key)) is not None:
                raise UnexpectedAnswer(f"{row} was read after it was deleted")


@dataclass
class LoadTest:
    """All clients, and what they have seen."""

    clients: list[Client]
    acknowledged: Acknowledged
    failures: list[UnexpectedAnswer] = field(default_factory=list)
    seconds: float = 0
    _shared: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def against(cls, address: str, resource: type[Resource]) -> AsyncIterator[Self]:
        """Prepare clients of the service at this address, each with a connection of its own."""
        acknowledged = Acknowledged()
        async with AsyncExitStack() as stack:
            clients = []
            for _ in range(CLIENTS):
                http = httpx2.AsyncClient(base_url=address, verify=False, timeout=ANSWER_TIMEOUT)
                one = resource(await stack.enter_async_context(http))
                clients.append(Client(one, acknowledged))
            yield cls(clients, acknowledged)

    async def prepare(self) -> None:
        """Let each client log in and create its first row, and one client the shared rows."""
        for client in self.clients:
            await client.resource.prepare()
        self._shared = [await self.clients[0].create() for _ in range(SHARED_ROWS)]
        for client in self.clients:
            await client.create_own()

    async def run(self, requests: int) -> None:
        """Let all work until so many more requests are answered, or until one fails."""
        started, end = monotonic(), self._answered() + requests

        async def use(client: Client) -> None:
            steps = client.resource.steps(client, self._shared)
            while True:
                for step in random.sample(steps, len(steps)):
                    if self.failures or self._answered() >= end:
                        return
                    await step()

        await self._all(use)
        self.seconds += monotonic() - started

    async def create_until(self, acknowledged: int, then: Callable[[], object]) -> None:
        """Let all create; at so many rows, call what ends it in the midst of requests."""

        async def use(client: Client) -> None:
            while True:
                await client.create()
                if len(self.acknowledged.rows) == acknowledged:
                    then()

        await self._all(use)

    async def _all(self, use: Callable[[Client], Awaitable[None]]) -> None:
        async def until_failure(client: Client) -> None:
            try:
                await use(client)
            except UnexpectedAnswer as failure:
                self.failures.append(failure)

        await asyncio.gather(*map(until_failure, self.clients))

    def _answered(self) -> int:
        return sum(client.requests for client in self.clients)

    @property
    def lost_changes(self) -> list[Row]:
        """Rows that count other changes than were acknowledged."""
        count, changes = self.clients[0].resource.changes, self.acknowledged.changes
        found = [(row, count(row), changes[key]) for key, row in self.acknowledged.rows.items()]
        return [row for row, counted, made in found if counted not in {None, made}]

    @property
    def fairness(self) -> float:
        """The requests of the client that got fewest answers, compared with the mean."""
        counts = [client.requests for client in self.clients]
        return min(counts) * len(counts) / sum(counts)

    @property
    def figures(self) -> dict[str, str]:
        """How much was done, in words."""
        milliseconds = [each for one in self.clients for each in one.resource.milliseconds]
        percentiles = quantiles(milliseconds, n=100)
        return {
            "requests": f"{len(milliseconds)}",
            "rate": f"{len(milliseconds) / self.seconds:.0f} a second",
            "p50, p99": f"{percentiles[49]:.1f} ms, {percentiles[98]:.1f} ms",
            "slowest client": f"{self.fairness:.2f} of the mean",
        }

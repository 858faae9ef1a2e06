"""Clients that use one resource at once, and remember what they were told.

Each has a connection and some rows of its own; a few rows belong to all, who change them in turn.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from time import monotonic
from typing import Any, Final, Self

import httpx2

CLIENTS: Final = 8
OWN_ROWS: Final = 2  # of each client; it deletes when it has more
SHARED_ROWS: Final = 3
PAGE: Final = 20  # rows
PATIENCE: Final = 20.0  # seconds for one answer

Row = dict[str, Any]  # Any: whatever the resource holds
Step = Callable[[], Awaitable[None]]


class Unexpected(Exception):
    """An answer that no client may get."""


class NoAnswer(Unexpected):
    """The connection was dropped, or refused, or nothing came for too long."""


@dataclass(frozen=True)
class Resource:
    """What clients know of it: its URL, what a new row is made of, and a change of one."""

    url: str
    new: Callable[[], Row]
    change: Callable[[], Row]


@dataclass
class Told:
    """What was acknowledged: each row as it was answered last, and the number of its changes."""

    rows: dict[str, Row] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)

    def changed(self, row: Row) -> None:
        """Of two answers that overtake each other, the newer one counts."""
        self.rows[row["id"]] = max(self.rows[row["id"]], row, key=lambda each: each["version"])
        self.changes[row["id"]] += 1

    @property
    def lost_changes(self) -> list[Row]:
        """Rows that count other changes than were acknowledged."""
        return [row for row in self.rows.values() if row["version"] != 1 + self.changes[row["id"]]]


@dataclass
class Client:
    """One of the crowd, which does one thing after the other."""

    http: httpx2.AsyncClient
    resource: Resource
    told: Told
    own: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list, repr=False)
    done: int = 0

    async def ask(self, method: str, path: str, *expected: int, **how: Any) -> httpx2.Response:
        """Send a request. Raises `Unexpected` for another answer, `NoAnswer` for none."""
        started = monotonic()
        try:
            answer = await self.http.request(method, path, **how)
        except httpx2.HTTPError as error:
            raise NoAnswer(f"{method} {path}: {error!r}") from error
        self.milliseconds.append((monotonic() - started) * 1000)
        if answer.status_code not in expected:
            raise Unexpected(f"{method} {path} got {answer.status_code}: {answer.text}")
        return answer

    def place(self, key: str) -> str:
        """Where the row with this id is."""
        return f"{self.resource.url}/{key}"

    async def create(self) -> str:
        """Create a row; gives its id."""
        row: Row = (await self.ask("POST", self.resource.url, 201, json=self.resource.new())).json()
        self.told.rows[row["id"]] = row
        return str(row["id"])

    async def keep(self) -> None:
        """Create a row of its own."""
        self.own.append(await self.create())

    async def read(self) -> None:
        """Read one of its own, which must be as it was answered last."""
        key = random.choice(self.own)  # noqa: S311 - any will do
        row = (await self.ask("GET", self.place(key), 200)).json()
        if row != self.told.rows[key]:
            raise Unexpected(f"{row} was read, where {self.told.rows[key]} was acknowledged")

    async def look_around(self) -> None:
        """Read the first page."""
        await self.ask("GET", f"{self.resource.url}?limit={PAGE}", 200)

    async def change(self, keys: list[str]) -> None:
        """Change one of these rows; where another came first, read it again and retry."""
        place, status = self.place(random.choice(keys)), 412  # noqa: S311 - any will do
        while status == 412:  # noqa: PLR2004 - HTTP's own number
            read = await self.ask("GET", place, 200)
            change, tag = self.resource.change(), {"If-Match": read.headers["etag"]}
            answer = await self.ask("PATCH", place, 200, 412, json=change, headers=tag)
            status = answer.status_code
        before, after = read.json(), answer.json()
        if after != after | change or after["version"] != before["version"] + 1:
            raise Unexpected(f"{change} made {after} of {before}")
        self.told.changed(after)

    async def delete(self) -> None:
        """Delete its oldest row, if it has enough; that is gone at once."""
        if len(self.own) > OWN_ROWS:
            key = self.own.pop(0)
            place = self.place(key)
            tag = {"If-Match": (await self.ask("GET", place, 200)).headers["etag"]}
            await self.ask("DELETE", place, 204, headers=tag)
            del self.told.rows[key]
            await self.ask("GET", place, 404)

    async def everything(self) -> list[Row]:
        """Read all rows, page by page."""
        rows, after = [], ""
        while True:
            url = f"{self.resource.url}?limit={PAGE}{after}"
            page = (await self.ask("GET", url, 200)).json()
            rows += page["items"]
            if page["next_cursor"] is None:
                return rows
            after = f"&cursor={page['next_cursor']}"


@dataclass
class Crowd:
    """All of them, and what they have seen."""

    clients: list[Client]
    told: Told
    failures: list[Unexpected] = field(default_factory=list)
    seconds: float = 0

    @classmethod
    @asynccontextmanager
    async def of(cls, address: str, resource: Resource) -> AsyncIterator[Self]:
        """Clients of the service at this address, each with a connection of its own."""
        told = Told()
        async with AsyncExitStack() as stack:
            clients = []
            for _ in range(CLIENTS):
                http = httpx2.AsyncClient(base_url=address, verify=False, timeout=PATIENCE)
                clients.append(Client(await stack.enter_async_context(http), resource, told))
            yield cls(clients, told)

    async def work(self, seconds: float) -> None:
        """Let all read and write for so long, or until a request fails."""
        shared = [await self.clients[0].create() for _ in range(SHARED_ROWS)]
        for client in self.clients:
            await client.keep()

        def steps_of(client: Client) -> list[Step]:
            return [
                client.keep,
                client.read,
                client.look_around,
                client.delete,
                lambda: client.change(client.own),
                lambda: client.change(shared),
            ]

        await self.go_on(seconds, steps_of)

    async def go_on(self, seconds: float, steps_of: Callable[[Client], Sequence[Step]]) -> None:
        """Let each do its steps, in any order, for so long or until a request fails."""
        started = monotonic()

        async def use(client: Client) -> None:
            steps = steps_of(client)
            while True:
                for step in random.sample(steps, len(steps)):
                    if self.failures or monotonic() - started > seconds:
                        return
                    await step()
                    client.done += 1

        await asyncio.gather(*(self._noting(use(client)) for client in self.clients))
        self.seconds = monotonic() - started

    async def create_until(self, acknowledged: int, then: Callable[[], object]) -> None:
        """Let all create; with so many rows do what ends it in the midst of requests."""

        async def use(client: Client) -> None:
            while True:
                await client.create()
                if len(self.told.rows) == acknowledged:
                    then()

        await asyncio.gather(*(self._noting(use(client)) for client in self.clients))

    async def _noting(self, use: Awaitable[None]) -> None:
        try:
            await use
        except Unexpected as failure:
            self.failures.append(failure)

    @property
    def least_share(self) -> float:
        """What the client did that got least to do, compared with the mean."""
        done = [client.done for client in self.clients]
        return min(done) * len(done) / sum(done)

    @property
    def figures(self) -> dict[str, str]:
        """How much it was, in words."""
        milliseconds = [each for client in self.clients for each in client.milliseconds]
        percentiles = quantiles(milliseconds, n=100)
        return {
            "requests": f"{len(milliseconds)}",
            "rate": f"{len(milliseconds) / self.seconds:.0f} a second",
            "p50, p99": f"{percentiles[49]:.1f} ms, {percentiles[98]:.1f} ms",
            "least share of a client": f"{self.least_share:.2f} of the mean",
        }

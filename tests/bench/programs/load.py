"""A fast client: sends lists of requests at once, each over some keep-alive connections.

    python load.py <port> <seconds>    < a JSON list of [connections, [request, …], pause]

Requests are in the words of HTTP. They are sent over and over until the seconds are over; where
these are 0, each is sent once. A connection pauses for so many seconds on average before each.

Prints of each list the seconds for all, the milliseconds of each, how many ended in which outcome:
a status, or a word where there was none; how many answers each connection got, and how many
connections each process of the server. A connection sends its next request when it has the answer,
so one that waits longer than others gets fewer.

Without pauses, what holds up a server strikes few of the many requests that are sent meanwhile;
with pauses longer than it holds up, it strikes as many as it would in production.
"""

# mypy: disable-error-code="import-not-found"
# uvloop is in the service's environment, mypy in the repository's.

import asyncio
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import cycle, takewhile
from pathlib import Path
from time import perf_counter
from typing import cast

import uvloop

SECONDS = 90  # for all requests together
ESTABLISHED = "01"  # as /proc/net/tcp spells it
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Client(asyncio.Protocol):
    """One connection; `done` ends when there is no more to send, or the server has hung up."""

    def __init__(
        self,
        requests: Iterator[bytes],
        pause: float,
        took: list[float],
        outcomes: Counter[str],
    ) -> None:
        self.requests, self.pause, self.took, self.outcomes = requests, pause, took, outcomes
        self.done = asyncio.get_running_loop().create_future()
        self.answer = b""
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected; `go_on` starts."""
        self.transport = cast("asyncio.Transport", transport)

    def go_on(self) -> None:
        """Send at once, or after a pause."""
        if self.pause:
            seconds = self.pause * random.uniform(0.5, 1.5)
            asyncio.get_running_loop().call_later(seconds, self.send)
        else:
            self.send()

    def send(self) -> None:
        """Send the next request, if there is one."""
        request = next(self.requests, None)
        if request is None:
            self.done.set_result(None)
        else:
            self.started = perf_counter()
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note the answer when it is complete, and go on."""
        self.answer += data
        head, separator, body = self.answer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if separator and len(body) >= int(length[1] if length else 0):
            self.took.append((perf_counter() - self.started) * 1000)
            self.outcomes[head[9:12].decode()] += 1
            self.answer = b""
            self.answers += 1
            self.go_on()

    def connection_lost(self, _: Exception | None) -> None:
        """The server should never hang up first."""
        if not self.done.done():
            self.outcomes["no answer"] += 1
            self.done.set_result(None)


def spread(port: int) -> list[int]:
    """How many connections to this port each process has that has any; on Linux alone."""
    table = Path("/proc/net/tcp")
    lines = table.read_text(encoding="ascii").splitlines() if table.exists() else []
    sockets = {
        f"socket:[{inode}]"
        for _, local, _, state, *_, inode in (line.split()[:10] for line in lines)
        if local.endswith(f":{port:04X}") and state == ESTABLISHED
    }
    accepted: Counter[Path] = Counter()
    for file in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # it is another user's, or closed by now
            accepted[file.parent] += file.readlink().name in sockets
    return sorted(count for count in accepted.values() if count)


def until(end: float, requests: list[bytes]) -> Iterator[bytes]:
    """Over and over again."""
    return takewhile(lambda _: perf_counter() < end, cycle(requests))


async def load(
    port: int, seconds: float, connections: int, requests: list[str], pause: float
) -> dict[str, object]:
    """Connect all, then send all."""
    once = [request.encode() for request in requests]
    waiting = until(perf_counter() + seconds, once) if seconds else iter(once)
    took: list[float] = []
    outcomes: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(connections):
        make = partial(Client, waiting, pause, took, outcomes)
        _, client = await loop.create_connection(make, "127.0.0.1", port)
        clients.append(client)
    started = perf_counter()
    for client in clients:
        client.go_on()
    await asyncio.wait([client.done for client in clients], timeout=SECONDS)
    late = sum(not client.done.done() for client in clients)
    if missing := late + (0 if seconds else len([*waiting])):
        outcomes["too late, or never sent"] = missing
    return {
        "seconds": perf_counter() - started,
        "milliseconds": took,
        "outcomes": outcomes,
        "spread": spread(port),
        "answers": [client.answers for client in clients],
    }


async def main(port: int, seconds: float) -> None:
    """Send all lists at once."""
    lists = [load(port, seconds, *each) for each in json.load(sys.stdin)]
    json.dump({"loads": await asyncio.gather(*lists)}, sys.stdout)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))

"""Latency of other requests while many clients log in, with passwords hashed in threads.

Compared with a service that hashes in its event loop (programs/in_the_loop.py), and with another
program that hashes: that a core is taken costs something, too.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from .commands import started
from .serving import Clients, Load, latencies, load, loads, percentile, rate_of, require, times_of
from .table import Row
from .users import Users
from .workbench import PROGRAMS, Workbench

ROUNDS = 3
SECONDS = 5
CLIENTS = 4
PAUSE = 0.04  # seconds: longer than an answer should take
LOGGING_IN = 16
ALONE = "alone"
ELSEWHERE = "while another program hashes"
THREADS = "while 16 clients log in"
LOOP = "while 16 clients log in, hashing in the event loop"
WAYS: Final = (ALONE, ELSEWHERE, THREADS, LOOP)
Rounds = list[list[Load]]  # of each, the load of `GET me`, and that of the logins if there are any


def measure(bench: Workbench, users: Users, threads: int, loop: int) -> list[Row]:
    """Given the ports of the service, and of the one that hashes in its event loop."""
    found: dict[tuple[str, float], Rounds] = defaultdict(list)
    for port in (threads, loop):
        load(bench, port, [users.me] * 200 + users.logins, clients=CLIENTS)  # a warm-up
    for _ in range(bench.times(ROUNDS)):
        for pause in (PAUSE, 0):
            for way in WAYS:
                port = loop if way == LOOP else threads
                found[way, pause].append(_round(bench, users, port, way, pause))
    return [
        *(_p99(way, found[way, PAUSE]) for way in WAYS),
        *(_rate(way, found[way, 0]) for way in WAYS),
    ]


def _round(bench: Workbench, users: Users, port: int, way: str, pause: float) -> list[Load]:
    """Raises `FaultError` when a request fails, or a login."""
    several = [Clients(CLIENTS, [users.me], pause)]
    if way in {THREADS, LOOP}:
        several.append(Clients(LOGGING_IN, users.logins))
    with _hashing(bench) if way == ELSEWHERE else nullcontext():
        found = loads(bench, port, *several, seconds=bench.times(SECONDS))
    for each in found:
        require("200", each, f"requests (GET me, {way})")
    return found


@contextmanager
def _hashing(bench: Workbench) -> Iterator[None]:
    """A program that hashes until the block ends."""
    verify = (bench.programs / "python", PROGRAMS / "verify.py", str(10**6))
    with started(*verify, folder=bench.service, env=bench.variables()):
        yield


def _p99(way: str, rounds: Rounds) -> Row:
    took = times_of([me for me, *_ in rounds])
    note = f"p50 {percentile(50, took):.1f} ms{_meanwhile(rounds)}"
    return _compared("GET me now and then, p99", way, percentile(99, took), "ms", note)


def _rate(way: str, rounds: Rounds) -> Row:
    found = [me for me, *_ in rounds]
    note = f"{latencies(times_of(found))}{_meanwhile(rounds)}"
    return _compared("GET me, 4 clients", way, rate_of(found), "requests/s", note)


def _compared(what: str, way: str, value: float, unit: str, note: str) -> Row:
    return Row(f"{what}, {way}", value, unit, "" if way == ALONE else f"{what}, {ALONE}", note)


def _meanwhile(rounds: Rounds) -> str:
    logins = [found for _, *some in rounds for found in some]
    return f"; {rate_of(logins):.1f} logins a second" if logins else ""

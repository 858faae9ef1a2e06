"""Concurrent creates by some clients, over some workers: none may fail, no client may starve.

The ratio compares with the same clients over one worker. The remark has the slowest request, the
least served client, and how unevenly the workers accepted connections: the first worker that is
awake accepts, so with few clients some workers get none.
"""

import sqlite3
from itertools import product
from pathlib import Path
from typing import Final
from uuid import uuid4

from .commands import FaultError
from .serving import Load, get, latencies, load, post, rate_of, require, serve, times_of
from .table import Row
from .workbench import Workbench

ROUNDS = 2
WORKERS = (1, 2, 4)
CREATES: Final = {1: 800, 8: 1600, 64: 3200}  # by so many clients
PATH = "/api/v1/products"
Loads = dict[tuple[int, int], list[Load]]


def measure(bench: Workbench) -> list[Row]:
    """Requests a second, and what failed or was lost."""
    loads: Loads = {(clients, workers): [] for clients, workers in product(CREATES, WORKERS)}
    for turn in range(bench.times(ROUNDS)):
        for workers in WORKERS:
            found = _creates(bench, workers, f"writes-{workers}-{turn}")
            for clients, one in found.items():
                loads[clients, workers].append(one)
    every = sum(one.outcomes.total() for some in loads.values() for one in some)
    return [
        *(_row(*what, found) for what, found in loads.items()),
        Row("failures", 0, "", note=f"of {every:,} creates"),
        Row("lost rows", 0, "", note=f"of {every:,} creates"),
    ]


def _creates(bench: Workbench, workers: int, name: str) -> dict[int, Load]:
    """All creates on a new database. Raises `FaultError` unless each is answered and stored."""
    path = bench.database(name)
    url = f"sqlite+aiosqlite:///{path}"
    app = ("catalog.main:production", "--factory")
    found: dict[int, Load] = {}
    with serve(bench, *app, workers=workers, CATALOG_DATABASE_URL=url) as port:
        load(bench, port, [get(PATH)] * 200 * workers, clients=50 * workers)  # a warm-up
        for clients, many in CREATES.items():
            requests = [post(PATH, {"name": uuid4().hex}) for _ in range(bench.times(many))]
            found[clients] = load(bench, port, requests, clients=clients)
            require("201", found[clients], f"creates, {_name(clients, workers)},")
    every = sum(bench.times(many) for many in CREATES.values())
    if lost := every - rows_in(path):
        what = f"{every} creates over {_counted(workers, 'worker')}"
        raise FaultError(f"{lost} of {what} were answered with 201 and are not stored.")
    return found


def rows_in(path: Path) -> int:
    """How many products a database holds, after its servers were killed."""
    connection = sqlite3.connect(path)
    stored = int(connection.execute("SELECT count(*) FROM products").fetchone()[0])
    connection.close()
    return stored


def _row(clients: int, workers: int, loads: list[Load]) -> Row:
    took = times_of(loads)
    note = f"{latencies(took)}, slowest {max(took):.1f} ms"
    if clients > 1:
        note += f"; least/most served client: {min(found.fairness for found in loads):.2f}"
    if workers > 1 and clients > 1 and all(found.spread for found in loads):
        fullest = max(max(found.spread) for found in loads)
        note += f", clients of the fullest worker: {fullest}"
    rate = rate_of(loads)
    to = "" if workers == 1 else _name(clients, 1)
    return Row(_name(clients, workers), rate, "requests/s", to, note)


def _name(clients: int, workers: int) -> str:
    return f"{_counted(clients, 'client')}, {_counted(workers, 'worker')}"


def _counted(many: int, what: str) -> str:
    return f"{many} {what}{'s' * (many > 1)}"

"""Many clients that all create at once, against one worker and against four: nothing may fail."""

import sqlite3
from pathlib import Path
from statistics import median
from uuid import uuid4

from .commands import FaultError
from .serving import Load, get, latencies, load, post, require, serve
from .table import Row
from .workbench import Workbench

ROUNDS = 2
CLIENTS = 200
CREATES = 4000
PATH = "/api/v1/products"


def measure(bench: Workbench) -> list[Row]:
    """Requests a second, and what failed or was lost."""
    loads: dict[int, list[Load]] = {1: [], 4: []}
    for turn in range(bench.times(ROUNDS)):
        for workers, found in loads.items():
            found.append(_creates(bench, workers, f"writes-{workers}-{turn}"))
    return [row for workers, found in loads.items() for row in _rows(bench, workers, found)]


def _creates(bench: Workbench, workers: int, name: str) -> Load:
    """All creates on a new database. Raises `FaultError` unless each is answered and stored."""
    path, many = bench.database(name), bench.times(CREATES)
    what = f"creates by {CLIENTS} clients over {workers} worker(s)"
    url = f"sqlite+aiosqlite:///{path}"
    app = ("catalog.main:production", "--factory")
    with serve(bench, *app, workers=workers, CATALOG_DATABASE_URL=url) as port:
        load(bench, port, [get(PATH)] * CLIENTS * workers, clients=CLIENTS)  # a warm-up
        requests = [post(PATH, {"name": uuid4().hex}) for _ in range(many)]
        found = load(bench, port, requests, clients=CLIENTS)
    require("201", found, what)
    if lost := many - rows_in(path):
        raise FaultError(f"{lost} of {many} {what} were answered with 201 and are not stored.")
    return found


def rows_in(path: Path) -> int:
    """How many products a database holds, after its servers were killed."""
    connection = sqlite3.connect(path)
    stored = int(connection.execute("SELECT count(*) FROM products").fetchone()[0])
    connection.close()
    return stored


def _rows(bench: Workbench, workers: int, loads: list[Load]) -> list[Row]:
    what = f"{workers} worker{'s' * (workers > 1)}"
    took = [time for found in loads for time in found.milliseconds]
    each = f"of {bench.times(CREATES):,} by {CLIENTS} clients, {len(loads)} times"
    return [
        Row(
            f"creates over {what}",
            median(found.rate for found in loads),
            "requests/s",
            "" if workers == 1 else "creates over 1 worker",
            latencies(took),
        ),
        Row(f"failures over {what}", 0, "", note=each),
        Row(f"lost rows over {what}", 0, "", note=each),
    ]

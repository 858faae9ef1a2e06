"""Requests a second of the service, beside what FastAPI and plain sqlite3 can do, and what most do.

The usual way, FastAPI and SQLAlchemy as their documentation shows them, may fail: the remark says
how often. Nothing else may.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final
from uuid import uuid4

from .serving import (
    Load,
    get,
    latencies,
    load,
    percentile,
    post,
    rate_of,
    require,
    serve,
    times_of,
)
from .table import Row
from .workbench import Workbench

ROUNDS = 3
CLIENTS = 16
CONSTANT = "FastAPI, a constant"
SQLITE3 = "FastAPI on plain sqlite3"
USUAL = "FastAPI and SQLAlchemy, as their docs show"
SERVICE = "the service"
PATHS: Final = {
    CONSTANT: "/constant",
    SQLITE3: "/sqlite3",
    USUAL: "/usual",
    SERVICE: "/api/v1/products",
}
SLOWER: Final = {"create": 6, "read": 5}  # times of a constant's: what the service may take
P99: Final = 50  # milliseconds that all but one of a hundred of those may take
STATUS: Final = {"create": "201", "read": "200", "list": "200"}
SECOND: Final = 1000  # requests in about a second and a half, to the service
Loads = dict[str, list[Load]]


def measure(bench: Workbench) -> list[Row]:
    """Create, read one, list fifty: one worker with uvloop and httptools, 16 clients."""
    database, plain = bench.database("service"), bench.database("plain")
    stock = bench.folder / "usual.db"  # it creates its tables itself
    url = f"sqlite+aiosqlite:///{database}"
    with (
        serve(bench, "catalog.main:production", "--factory", CATALOG_DATABASE_URL=url) as service,
        serve(bench, "baselines:app", "--no-access-log", BENCH_DATABASE=plain) as bare,
        serve(bench, "usual:app", "--no-access-log", BENCH_DATABASE=stock) as usual,
    ):
        ports = {CONSTANT: bare, SQLITE3: bare, USUAL: usual, SERVICE: service}
        files = {CONSTANT: plain, SQLITE3: plain, USUAL: stock, SERVICE: database}
        for name in PATHS:  # a warm-up, and rows to read
            _load(bench, "create", name, ports[name], files[name])
        loads: Loads = defaultdict(list)
        loops: dict[str, list[float]] = defaultdict(list)
        for _ in range(bench.times(ROUNDS)):
            for what in STATUS:
                for name in PATHS:
                    found = _load(bench, what, name, ports[name], files[name])
                    loads[f"{what}: {name}"].append(found)
            for what, rate in bench.ask("plain", str(plain), bench.times(SECOND)).items():
                loops[what].append(rate)
    return [row for what in STATUS for row in _rows(what, loads, loops[what])]


def _load(bench: Workbench, what: str, name: str, port: int, database: Path) -> Load:
    """One round of one kind of request to one of the applications."""
    many = bench.times(SECOND if name in {USUAL, SERVICE} else 2 * SECOND)
    requests = requests_for(what, PATHS[name], database, many)
    found = load(bench, port, requests, clients=CLIENTS)
    if name != USUAL:
        require(STATUS[what], found, f"requests ({what}: {name})")
    return found


def requests_for(what: str, path: str, database: Path, many: int) -> list[str]:
    """So many that create, list, or read one of the rows that a database has."""
    if what == "create":
        return [post(path, {"name": uuid4().hex, "description": "as the sky"}) for _ in range(many)]
    if what == "list":
        return [get(path)] * many
    keys = _keys(database)
    return [get(f"{path}/{keys[number % len(keys)]}") for number in range(many)]


def _keys(database: Path) -> list[str]:
    connection = sqlite3.connect(database)
    keys = [row[0] for row in connection.execute("SELECT id FROM products LIMIT 500")]
    connection.close()
    return keys


def _rows(what: str, loads: Mapping[str, list[Load]], loop: list[float]) -> list[Row]:
    constant = f"{what}: {CONSTANT}"
    rows = [
        *(_row(what, name, loads[f"{what}: {name}"], to=constant) for name in PATHS),
        Row(f"{what}: plain sqlite3 in a loop, no HTTP", median(loop), "a second", to=constant),
    ]
    if what not in SLOWER:
        return rows
    slower = rate_of(loads[constant]) / rate_of(loads[f"{what}: {SERVICE}"])
    p99 = percentile(99, times_of(loads[f"{what}: {SERVICE}"]))
    return [
        *rows,
        Row(f"{what}: the service, times slower than a constant", slower, "", aim=SLOWER[what]),
        Row(f"{what}: the service, p99", p99, "ms", aim=P99),
    ]


def _row(what: str, name: str, loads: list[Load], to: str) -> Row:
    figure = f"{what}: {name}"
    failed = sum(load.outcomes.total() - load.outcomes[STATUS[what]] for load in loads)
    failures = f"; {failed} of {sum(load.outcomes.total() for load in loads):,} failed"
    note = latencies(times_of(loads)) + failures * (failed > 0)
    return Row(figure, rate_of(loads), "requests/s", "" if figure == to else to, note)

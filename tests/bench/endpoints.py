"""Requests a second of the service, beside what FastAPI alone and plain sqlite3 can do."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final
from uuid import uuid4

from .serving import Load, get, latencies, load, post, require, serve
from .table import Row
from .workbench import Workbench

ROUNDS = 3
CLIENTS = 16
CONSTANT = "FastAPI, a constant"
SQLITE3 = "FastAPI on plain sqlite3"
SERVICE = "the service"
PATHS: Final = {CONSTANT: "/constant", SQLITE3: "/sqlite3", SERVICE: "/api/v1/products"}
STATUS: Final = {"create": "201", "read": "200", "list": "200"}
SECOND: Final = 1000  # requests in about a second and a half, to the service
Loads = dict[str, list[Load]]


def measure(bench: Workbench) -> list[Row]:
    """Create, read one, list fifty: one worker with uvloop and httptools, 16 clients."""
    database, plain = bench.database("service"), bench.database("plain")
    url = f"sqlite+aiosqlite:///{database}"
    with (
        serve(bench, "catalog.main:production", "--factory", CATALOG_DATABASE_URL=url) as service,
        serve(bench, "baselines:app", "--no-access-log", BENCH_DATABASE=plain) as bare,
    ):
        ports = {CONSTANT: bare, SQLITE3: bare, SERVICE: service}
        files = {CONSTANT: plain, SQLITE3: plain, SERVICE: database}
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
    many = bench.times(SECOND if name == SERVICE else 2 * SECOND)
    requests = _requests(what, PATHS[name], database, many)
    found = load(bench, port, requests, clients=CLIENTS)
    require(STATUS[what], found, f"requests ({what}: {name})")
    return found


def _requests(what: str, path: str, database: Path, many: int) -> list[str]:
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
    return [
        *(_row(f"{what}: {name}", loads, to=constant) for name in PATHS),
        Row(f"{what}: plain sqlite3 in a loop, no HTTP", median(loop), "a second", to=constant),
    ]


def _row(name: str, loads: Mapping[str, list[Load]], to: str) -> Row:
    rate = median(found.rate for found in loads[name])
    took = [time for found in loads[name] for time in found.milliseconds]
    return Row(name, rate, "requests/s", "" if name == to else to, latencies(took))

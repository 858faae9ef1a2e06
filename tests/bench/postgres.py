"""PostgreSQL: what its database costs a test, and what it does when all want the same row."""

import os
from statistics import median

from . import isolation
from .table import Row
from .workbench import Workbench

ROUNDS = 3
CHANGES = 1000
SERVER = "TEST_DATABASE_URL"
WAYS = {
    "locked by hand (READ COMMITTED, FOR UPDATE)": "locks",
    "retried in turns, as the service does": "turns",
    "retried at once": "at-once",
}


def measure(bench: Workbench) -> list[Row]:
    """Return no rows where no server is named, see tests/sessions.py."""
    server = os.environ.get(SERVER)
    if not server:
        return []
    return [_isolation(bench, server), *_contention(bench, server)]


def _isolation(bench: Workbench, server: str) -> Row:
    found = isolation.ours(bench, **{SERVER: server})
    cost = median(found["rewound"]) - median(found["empty"])
    return Row("isolation: empty test with our database, over one without", cost, "ms", aim=0.5)


def _contention(bench: Workbench, server: str) -> list[Row]:
    rates: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(bench.times(ROUNDS)):
        for name, how in WAYS.items():
            result = bench.ask("contention", how, bench.times(CHANGES), **{SERVER: server})
            rates[name].append(float(result["rate"]))
    first = f"changes of one row: {next(iter(WAYS))}"
    return [
        Row(
            name := f"changes of one row: {way}",
            median(found),
            "a second",
            "" if name == first else first,
            "50 tasks, 8 connections; none lost",
        )
        for way, found in rates.items()
    ]

"""What `sqlite_driver.py` brings: the service as it is, and with that file deleted."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from . import processes
from .endpoints import CLIENTS, PATHS, SECOND, requests_for
from .endpoints import SERVICE as OURS
from .serving import Load, latencies, load, rate_of, require, serve, times_of
from .table import Row
from .workbench import SERVICE, Workbench

ROUNDS = 3
CHANGES = 1000
PROCESSES = 4
WAYS = ("without it", "with it")


def measure(bench: Workbench) -> list[Row]:
    """Reads over HTTP, changes of one row by fifty tasks, and four processes that write."""
    stock = replace(bench, folder=bench.folder / "without-driver")
    stock.folder.mkdir()
    (stock.platform / "src" / "plumbline" / "database" / "sqlite_driver.py").unlink()
    benches = dict(zip(WAYS, (stock, bench), strict=True))
    reads: dict[str, list[Load]] = defaultdict(list)
    changes: dict[str, list[float]] = defaultdict(list)
    writes: dict[str, list[processes.Run]] = defaultdict(list)
    for turn in range(bench.times(ROUNDS)):
        for way, each in benches.items():
            reads[way].append(_reads(each, f"driver-reads-{turn}"))
            changes[way].append(_changes(each, f"driver-changes-{turn}"))
            writes[way].append(processes.run(each, PROCESSES, f"driver-writes-{turn}"))
    return [
        *(_reading(way, reads[way]) for way in WAYS),
        *(_changing(way, changes[way]) for way in WAYS),
        *(_writing(way, writes[way]) for way in WAYS),
    ]


def _reads(bench: Workbench, name: str) -> Load:
    """Requests for one row each, after as many that create."""
    path, many = bench.database(name), bench.times(SECOND)
    app = (f"{SERVICE}.main:production", "--factory")
    with serve(bench, *app, CATALOG_DATABASE_URL=f"sqlite+aiosqlite:///{path}") as port:
        for what, status in (("create", "201"), ("read", "200")):
            requests = requests_for(what, PATHS[OURS], path, many)
            found = load(bench, port, requests, clients=CLIENTS)
            require(status, found, f"requests ({what})")
    return found


def _changes(bench: Workbench, name: str) -> float:
    """Changes of one row a second."""
    url = f"sqlite+aiosqlite:///{bench.database(name)}"
    return float(bench.ask("contention", "turns", bench.times(CHANGES), url)["rate"])


def _reading(way: str, loads: Sequence[Load]) -> Row:
    note = latencies(times_of(loads))
    return Row(f"reads, {way}", rate_of(loads), "requests/s", _to("reads", way), note)


def _changing(way: str, rates: Sequence[float]) -> Row:
    what = "changes of one row"
    return Row(f"{what}, {way}", median(rates), "a second", _to(what, way))


def _writing(way: str, runs: Sequence[processes.Run]) -> Row:
    what = f"writes by {PROCESSES} processes"
    rate = median(each.rate for each in runs)
    return Row(f"{what}, {way}", rate, "a second", _to(what, way), processes.slowest(runs))


def _to(what: str, way: str) -> str:
    return "" if way == WAYS[0] else f"{what}, {WAYS[0]}"

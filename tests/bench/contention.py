"""Changes of one row that fifty tasks want at once: ours, the limit, and what the usual way loses.

All read, change and commit, each in a new database on the same disk, on uvloop as in production.
"""

from collections import defaultdict
from collections.abc import Mapping
from statistics import median

from .table import Row
from .workbench import Workbench

ROUNDS = 5
CHANGES = 1000  # in all tasks together, and a multiple of their number
FLOOR = 1000  # changes a second
SERVICE = "read-modify-write transactions, 50 tasks, one row"
LIMIT = "the same on plain sqlite3 in a loop"
USUAL = "the same with SQLAlchemy, as its docs show"
Figures = Mapping[str, list[float]]


def measure(bench: Workbench) -> list[Row]:
    """Changes a second that are there in the end. Raises `FaultError` when one of ours is not."""
    figures: dict[str, list[float]] = defaultdict(list)
    for turn in range(bench.times(ROUNDS)):
        _round(bench, turn, figures)
    return _rows(figures, bench.times(CHANGES))


def _round(bench: Workbench, turn: int, figures: Mapping[str, list[float]]) -> None:
    path, many = bench.database(f"contention-{turn}"), bench.times(CHANGES)
    url = f"sqlite+aiosqlite:///{path}"
    figures[SERVICE].append(bench.ask("contention", "turns", many, url)["rate"])
    figures[LIMIT].append(bench.ask("plain", str(path), many)["change"])
    stock = bench.folder / f"contention-usual-{turn}.db"
    result = bench.ask("lost_updates", many, BENCH_DATABASE=str(stock))
    figures[USUAL].append(result["rate"])
    figures["missing"].append(result["missing"])
    figures["refused"].append(result["refused"])


def _rows(figures: Figures, changes: int) -> list[Row]:
    refused = f"of {changes:,}; refused with an error: {median(figures['refused']):,g}"
    return [
        Row(SERVICE, median(figures[SERVICE]), "a second", note="none lost", at_least=FLOOR),
        Row(LIMIT, median(figures[LIMIT]), "a second", SERVICE),
        Row(USUAL, median(figures[USUAL]), "a second", SERVICE, "counts what is still there"),
        Row(f"{USUAL}: lost or refused", median(figures["missing"]), "changes", note=refused),
    ]

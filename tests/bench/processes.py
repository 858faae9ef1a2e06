"""Processes that write to one file through the service's `Database`, without HTTP."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from .commands import FaultError
from .table import Row
from .workbench import Workbench
from .writes import rows_in

ROUNDS = 3
TRANSACTIONS = 2000  # in all processes together
HOW_MANY = (1, 2, 4)


class Run(NamedTuple):
    """Transactions a second, and the milliseconds of the slowest."""

    rate: float
    slowest: float


def measure(bench: Workbench) -> list[Row]:
    """Write transactions a second, the slowest of all, and what failed or was lost."""
    runs: dict[int, list[Run]] = {processes: [] for processes in HOW_MANY}
    for turn in range(bench.times(ROUNDS)):
        for processes, found in runs.items():
            found.append(run(bench, processes, f"processes-{processes}-{turn}"))
    return [row for processes, found in runs.items() for row in _rows(bench, processes, found)]


def run(bench: Workbench, processes: int, name: str) -> Run:
    """One run on a new database. Raises `FaultError` when one fails, or leaves no row."""
    path, each = bench.database(name), bench.times(TRANSACTIONS) // processes
    result = bench.ask("write", f"sqlite+aiosqlite:///{path}", processes, each)
    what = f"of {processes * each} write transactions of {processes} process(es)"
    if result["errors"]:
        raise FaultError(f"{len(result['errors'])} {what} failed, the first: {result['errors'][0]}")
    if lost := processes * each - rows_in(path):
        raise FaultError(f"{lost} {what} left no row.")
    return Run(processes * each / result["seconds"], result["slowest"] * 1000)


def slowest(runs: Sequence[Run]) -> str:
    """The slowest transaction of some runs, in words."""
    return f"slowest {max(each.slowest for each in runs):.1f} ms"


def _rows(bench: Workbench, processes: int, runs: list[Run]) -> list[Row]:
    what = f"{processes} process{'es' * (processes > 1)}"
    each = f"of {bench.times(TRANSACTIONS):,}, {len(runs)} times"
    rate = median(run.rate for run in runs)
    to = "" if processes == 1 else "transactions of 1 process"
    return [
        Row(f"transactions of {what}", rate, "a second", to, slowest(runs)),
        Row(f"errors of {what}", 0, "", note=each),
        Row(f"lost rows of {what}", 0, "", note=each),
    ]

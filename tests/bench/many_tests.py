"""What a thousand tests take and need in one run, in one process and in two.

They are copies of the tests that a module is rendered with: of its router, service and repository.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from statistics import median
from typing import Final

from .commands import run
from .table import Row
from .workbench import Workbench

ROUNDS = 3
TESTS = 1000
MODULE: Final = "src/catalog/modules/products"
HOW: Final = {"one process": (), "-n 2": ("-n", "2")}


def measure(bench: Workbench) -> list[Row]:
    """Seconds, tests a second, and the mebibytes of the largest process."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in HOW}
    with _copies(bench, bench.times(TESTS)) as tests:
        for _ in range(bench.times(ROUNDS)):
            for name, how in HOW.items():
                runs[name].append(_run(bench, *how))
    return [row for name, found in runs.items() for row in _rows(name, tests, found)]


@contextmanager
def _copies(bench: Workbench, wanted: int) -> Iterator[int]:
    """As many copies of the module's test files as give so many tests; gives their number."""
    originals = [*(bench.service / MODULE).glob("test_*.py")]
    each = _collected(bench)
    copies = [
        file.with_stem(f"{file.stem}_{number}")
        for number in range(2, ceil(wanted / each) + 1)
        for file in originals
    ]
    for copy in copies:
        copy.write_bytes(copy.with_stem(copy.stem.rpartition("_")[0]).read_bytes())
    try:
        yield _collected(bench)  # which also compiles them, for all runs
    finally:
        for copy in copies:
            copy.unlink()


def _collected(bench: Workbench) -> int:
    collect = (bench.programs / "pytest", "--collect-only", "-q", MODULE)
    printed = run(*collect, folder=bench.service, env=bench.variables())
    return sum("::" in line for line in printed.splitlines())


def _run(bench: Workbench, *how: str) -> dict[str, float]:
    pytest = [str(bench.programs / "pytest"), "-q", "--randomly-seed=0", *how, MODULE]
    return bench.ask("peak", *pytest)


def _rows(name: str, tests: int, runs: list[dict[str, float]]) -> list[Row]:
    def row(what: str, value: float, unit: str, note: str = "") -> Row:
        first = f"{what}, {next(iter(HOW))}"
        own = f"{what}, {name}"
        return Row(own, value, unit, "" if own == first else first, note)

    seconds = median(each["seconds"] for each in runs)
    memory = median(each["memory"] for each in runs)
    return [
        row("a thousand tests", seconds, "s", f"{tests:,} tests, coverage off"),
        row("tests a second", tests / seconds, "a second"),
        row("peak memory", memory, "MiB", "of the largest process"),
    ]

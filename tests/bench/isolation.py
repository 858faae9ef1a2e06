"""What a database of its own costs a test, and an application on it; the usual ways to get one.

Each figure is the sum of setup, call and teardown, as pytest reports them, in real runs. The
tests take turns within a run: see programs/isolation_cases.py.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

from .commands import run
from .table import Row
from .workbench import PROGRAMS, Workbench

ROUNDS = 3
OURS = ("before", "ours", "rewound", "again", "typical", "answering", "empty")
THEIRS = ("memory", "migrated")
Phases = dict[str, list[float]]


def measure(bench: Workbench) -> list[Row]:
    """Milliseconds a test."""
    mine: Phases = defaultdict(list)
    theirs: Phases = defaultdict(list)
    for _ in range(bench.times(ROUNDS)):
        _add(mine, ours(bench))
        _add(theirs, _phases(bench, _bare(bench), THEIRS, turns=bench.times(40)))
        _add(theirs, _phases(bench, _bare(bench), ["empty"], turns=bench.times(100)))
    rewound, client = median(mine["rewound"]), median(mine["answering"])
    return [
        _row("empty test, no conftest", theirs["empty"]),
        _row("empty test, our conftest", mine["empty"], to="empty test, no conftest"),
        _row("our database", mine["ours"]),
        _row(":memory: and create_all", theirs["memory"], to="our database"),
        _row("file and alembic upgrade head", theirs["migrated"], to="our database"),
        Row(
            "isolation: empty test with our database, over one without",
            rewound - median(mine["empty"]),
            "ms",
            aim=0.5,
        ),
        Row("the same over no conftest at all", rewound - median(theirs["empty"]), "ms"),
        Row("client: empty test with it, over one with our database", client - rewound, "ms"),
        _row("a typical test: POST and GET by client", mine["typical"]),
    ]


def ours(bench: Workbench, **env: str) -> Phases:
    """The milliseconds of our own cases, in one run with these environment variables, too."""
    return _phases(bench, bench.service, OURS, turns=bench.times(100), **env)


def _row(name: str, times: list[float], to: str = "") -> Row:
    return Row(name, median(times), "ms", to, note=f"p95 {quantiles(times, n=20)[-1]:.1f}")


def _bare(bench: Workbench) -> Path:
    """The service without its conftest: what others have to pay for is not ours."""
    bare = bench.folder / "bare"
    if not bare.exists():
        bare.mkdir()
        shutil.copy(bench.service / "pyproject.toml", bare)
    return bare


def _phases(
    bench: Workbench, folder: Path, cases: Sequence[str], *, turns: int, **more: str
) -> Phases:
    """Run the cases; the milliseconds of each in every turn but the first."""
    file = folder / "tests" / "integration" / "test_isolation_cases.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROGRAMS / "isolation_cases.py", file)
    result = bench.folder / "phases.json"
    env = bench.variables(PHASES=result, TURNS=str(turns + 1), **more)
    how = ["-q", "-p", "phases", "-p", "in_turns", "--randomly-dont-reorganize"]
    if folder != bench.service:
        how.append("-pno:plumbline")  # the platform's plugin, which its environment would load
    scratch = f"--basetemp={bench.folder / 'isolation'}"
    tests = [f"{file}::test_{case}" for case in cases]
    run(bench.programs / "pytest", *how, scratch, *tests, folder=folder, env=env)
    file.unlink()
    return _by_case(json.loads(result.read_bytes()))


def _by_case(tests: list[dict[str, str | float]]) -> Phases:
    found: Phases = defaultdict(list)
    for test in tests:
        case, _, turn = str(test["name"]).rpartition("::test_")[2].partition("[")
        if turn != "0]":  # the first pays for the session's fixtures
            found[case].append(float(test["milliseconds"]))
    return found


def _add(to: Phases, more: Phases) -> None:
    for name, times in more.items():
        to[name] += times

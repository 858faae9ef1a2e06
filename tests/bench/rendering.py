"""How long it takes from the template to a service, and to a service with all gates passed."""

import shutil
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from gates.render import plain_template, render

from .commands import run, variables
from .table import Row
from .workbench import Workbench

NOX = [sys.executable, "-m", "nox"]


def measure(bench: Workbench) -> list[Row]:
    """Seconds."""
    render(bench.folder / "first", {"service": "benchmarked"})  # compiles the templates
    within, alone = [], []
    for number in range(bench.times(5)):
        within.append(_within(bench.folder / f"rendered-{number}"))
        alone.append(_alone(bench.folder / f"copied-{number}"))
    first, next_one = [_seconds_to_green(bench, name) for name in ("benchmarked", "another")]
    return [
        Row("render() in a warm process", median(within), "s"),
        Row("copier copy", median(alone), "s", to="render() in a warm process"),
        Row("nox -s new, the first in a fresh clone", first, "s", note="once", aim=10),
        Row("nox -s new, the next one", next_one, "s", note="once", aim=10),
    ]


def _within(folder: Path) -> float:
    started = perf_counter()
    render(folder, {"service": "benchmarked"})
    return perf_counter() - started


def _alone(folder: Path) -> float:
    copier = Path(sys.executable).with_name("copier")
    with plain_template() as template:
        started = perf_counter()
        how = ("--defaults", "--quiet")
        run(copier, "copy", *how, template, folder, folder=template, env=variables())
        return perf_counter() - started


def _seconds_to_green(bench: Workbench, service: str) -> float:
    """In a copy of the repository that has no environment yet; uv's cache is warm."""
    started = perf_counter()
    run(*NOX, "-s", "new", "--", service, folder=bench.repository, env=variables())
    seconds = perf_counter() - started
    shutil.rmtree(bench.repository / "services" / service)
    return seconds

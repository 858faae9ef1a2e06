"""How long it takes from the template to a service, and to a service with all gates passed."""

import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from gates.render import plain_template, render

from . import first_service
from .commands import run, variables
from .table import Row
from .workbench import Workbench

SERVICE: Final = {
    "kind": "service",
    "service": "benchmarked",
    "platform": "../../template/plumbline",
}


def measure(bench: Workbench) -> list[Row]:
    """Seconds."""
    render(bench.folder / "first", SERVICE)  # compiles the templates
    within, alone = [], []
    for number in range(bench.times(5)):
        within.append(_within(bench.folder / f"rendered-{number}"))
        alone.append(_alone(bench.folder / f"copied-{number}"))
    return [
        Row("render() in a warm process", median(within), "s"),
        Row("copier copy", median(alone), "s", to="render() in a warm process"),
        *first_service.rows(bench),
    ]


def _within(folder: Path) -> float:
    started = perf_counter()
    render(folder, SERVICE)
    return perf_counter() - started


def _alone(folder: Path) -> float:
    copier = Path(sys.executable).with_name("copier")
    with plain_template() as template:
        started = perf_counter()
        answers = (f"--data={name}={answer}" for name, answer in SERVICE.items())
        how = ("--defaults", "--quiet", *answers)
        run(copier, "copy", *how, template, folder, folder=template, env=variables())
        return perf_counter() - started

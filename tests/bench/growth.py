"""What sessions cost as a repository grows: with 1, with 10 and with 30 services."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from subprocess import TimeoutExpired
from time import perf_counter
from typing import Final

from copies import copy_repository

from .commands import PATIENCE, FaultError, run, started, variables
from .table import Row
from .workbench import Workbench

NOX: Final = [sys.executable, "-m", "nox"]
GIT: Final = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
ONE: Final = "service-01"


def measure(bench: Workbench) -> list[Row]:
    """Seconds, the median of three; environments and caches are warm, as they are at a desk."""
    rows: list[Row] = []
    *fewer, most = (1, 2, 3) if bench.quick else (1, 10, 30)
    repository = _without_services(bench.folder / "growing")
    for many in [*fewer, most]:
        _grow(repository, many)
        rows += _rows(bench, repository, many, all_too=many < most)
    shutil.rmtree(repository)  # its environments are large
    return rows


def _rows(bench: Workbench, repository: Path, many: int, *, all_too: bool) -> list[Row]:
    """One service among so many; with `all_too`, which takes long, the tests of all as well."""

    def nox(*arguments: str) -> str:
        return _nox(repository, many, *arguments)

    _selects_one(nox("-s", "matrix", "--", "HEAD~1"))  # makes the environment of the repository
    cores = str(os.cpu_count() or 1)
    nox("-j", cores, "-t", ONE)  # makes that of the service, and fills the caches
    rounds = 1 if bench.quick else 3
    figures = {
        "nox -l": _median(rounds, nox, "-l"),
        "nox -s matrix": _median(rounds, nox, "-s", "matrix", "--", "HEAD~1"),
        "nox -s drift": _median(rounds, nox, "-s", "drift"),
        "nox -s tests, of one": _median(rounds, nox, "-s", "tests", "--", ONE),
    }
    if all_too:
        nox("-j", cores, "-s", "unit", "types")  # the same for all services
        figures["nox -s tests, of all"] = _median(1, nox, "-s", "tests")
    if many == 1:
        for jobs in ("1", cores):
            name = f"nox -j {jobs} -t {ONE}"
            figures[name] = _median(rounds, nox, *name.split()[1:])
    return [
        Row(f"{name}; {many} there", seconds, "s", to="" if many == 1 else f"{name}; 1 there")
        for name, seconds in figures.items()
    ]


def _without_services(repository: Path) -> Path:
    """A copy of this repository."""
    copy_repository(repository)
    shutil.rmtree(repository / "services")
    _commit(repository)
    return repository


def _grow(repository: Path, many: int) -> None:
    """Add services until there are so many; the last commit changes the first."""
    for number in range(1, many + 1):
        service = f"service-{number:02}"
        if not (repository / "services" / service).exists():
            render = ["tests/gates/render.py", f"services/{service}", f"service={service}"]
            run(sys.executable, *render, folder=repository, env=variables())
    _commit(repository)
    with (repository / "services" / ONE / "README.md").open("a", encoding="utf-8") as file:
        file.write("Changed.\n")
    _commit(repository)


def _commit(repository: Path) -> None:
    for command in (["init", "-q"], ["add", "--all"], ["commit", "-q", "--message=A change"]):
        run(*GIT, *command, folder=repository, env=variables())


def _nox(repository: Path, many: int, *arguments: str) -> str:
    """What Nox prints. Raises `FaultError` when it fails or hangs; many services may take long."""
    with started(*NOX, *arguments, folder=repository, env=variables()) as process:
        try:
            printed, complaints = process.communicate(timeout=PATIENCE * many)
        except TimeoutExpired as late:
            raise FaultError(f"`nox {' '.join(arguments)}` had not ended in time.") from late
    if process.returncode:
        sys.stderr.write(f"{printed}{complaints}\n")
        raise FaultError(f"`nox {' '.join(arguments)}` is red with {many} services.")
    return printed


def _median(rounds: int, nox: Callable[..., str], *arguments: str) -> float:
    seconds = []
    for _ in range(rounds):
        begin = perf_counter()
        nox(*arguments)
        seconds.append(perf_counter() - begin)
    return median(seconds)


def _selects_one(printed: str) -> None:
    """See that the plan is that of a change in one service."""
    lines = dict(line.split("=", 1) for line in printed.splitlines())
    selected = {job["service"] for job in json.loads(lines["matrix"])["include"]}
    if selected != {ONE}:
        raise FaultError(f"The plan of a change in {ONE} selects {sorted(selected)}.")

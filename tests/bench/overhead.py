"""What a gate costs over the pytest command that it runs.

The command is `pytest --version`: what Nox adds does not depend on what pytest does, and the noise
of real tests would be larger than the difference.
"""

import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from .commands import run, variables
from .table import Row
from .workbench import PYTHON, SERVICE, Workbench

ROUNDS = 11
Command = list[str | Path]


def measure(bench: Workbench) -> list[Row]:
    """Seconds."""
    gate: Command = [sys.executable, "-m", "nox", "-s", f"unit({SERVICE})", "--", "--version"]
    _seconds(gate, bench.repository)  # makes the environment
    venv = bench.repository / ".nox" / "envs" / f"{SERVICE}-{PYTHON}"  # in a copy, its own
    pytest: Command = [venv / "bin" / "pytest", "-m", "unit", "--version"]
    service = bench.repository / "services" / SERVICE
    bare, gated = [], []
    for _ in range(bench.times(ROUNDS)):
        bare.append(_seconds(pytest, service))
        gated.append(_seconds(gate, bench.repository))
    added = [with_nox - without for with_nox, without in zip(gated, bare, strict=True)]
    return [
        Row("pytest --version", median(bare), "s"),
        Row(f"nox -s unit({SERVICE}) -- --version", median(gated), "s", to="pytest --version"),
        Row("overhead of the gate", median(added), "s", aim=0.3),
    ]


def _seconds(command: Command, folder: Path) -> float:
    started = perf_counter()
    run(*command, folder=folder, env=variables())
    return perf_counter() - started

"""What the tests of a rendered service take, each on average, and by gate."""

import json
from statistics import fmean, median

from .commands import run
from .table import Row
from .workbench import Workbench

ROUNDS = 3
Tests = list[dict[str, str | float]]


def measure(bench: Workbench) -> list[Row]:
    """Milliseconds a test: setup, call and teardown together."""
    plain, covered = [], []
    for seed in range(bench.times(ROUNDS)):
        plain.append(_tests(bench, seed))
        covered.append(_tests(bench, seed, "--cov", "--cov-report="))
    gates = sorted({str(test["gate"]) for test in plain[0]})
    return [
        Row("a test", _mean(plain), "ms", note=f"mean of {len(plain[0])} tests", aim=12),
        Row("the median test", median(_times(plain)), "ms", to="a test"),
        Row("a test under coverage", _mean(covered), "ms", to="a test", aim=12),
        *(_of_gate(gate, covered) for gate in gates),
    ]


def _tests(bench: Workbench, seed: int, *how: str) -> Tests:
    """One run of all tests, in an order that the seed decides."""
    result = bench.folder / "phases.json"
    env = bench.variables(PHASES=result, COVERAGE_FILE=bench.folder / "coverage")
    order = f"--randomly-seed={seed}"
    pytest = [str(bench.programs / "pytest"), "-q", "-p", "phases", order]
    run(*pytest, *how, folder=bench.service, env=env)
    tests: Tests = json.loads(result.read_bytes())
    return tests


def _times(runs: list[Tests]) -> list[float]:
    return [float(test["milliseconds"]) for tests in runs for test in tests]


def _mean(runs: list[Tests]) -> float:
    return median(fmean(_times([tests])) for tests in runs)


def _of_gate(gate: str, runs: list[Tests]) -> Row:
    mine = [[test for test in tests if test["gate"] == gate] for tests in runs]
    return Row(f"{gate}, under coverage", _mean(mine), "ms", note=f"{len(mine[0])} tests")

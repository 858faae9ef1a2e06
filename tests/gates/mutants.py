"""Plants known defects, one at a time, into copies of a service, and sees a gate catch each.

    python mutants.py <folder of the service> <folder with the programs of its environment>
                      [<folder of another service> …]

What another service has as well is left to that one. The service itself is never touched. A defect
counts as caught when a gate fails and says why. One whose code the service no longer has is told as
not applicable, which is no reason to fail.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates.defects import DEFECTS
from gates.defects.planting import Copy, Defect, NotApplicable
from gates.services import typed_sources
from gates.together import Gate, append_to_job_summary

ROOT = Path(__file__).parents[2]
TEST_GATES = ("unit", "integration", "migration", "concurrency")
EVERY_GATE = ("coverage", "contract", "types", "lint", "boundaries")  # coverage runs TEST_GATES
LEFT_OUT = [".git", ".nox", ".venv", "__pycache__", ".*_cache", ".mypy_worker*", "htmlcov"]
LEFT_OUT += [".hypothesis", ".coverage", ".env", "*.db", "*.db-*"]  # as .gitignore, which is left
LIMIT = 180  # seconds for a command that should long have been stopped by its own limits
INTERRUPTED = 2  # pytest's status after Ctrl-C, or when it cannot import a test
WIDTH = 70  # of what a gate said, in the table
CAUGHT, NOT_CAUGHT, NOT_APPLICABLE = "caught by", "NOT CAUGHT", "not applicable"

GateIn = Callable[[Copy, str, Sequence[str]], Gate]  # the name of a gate, and arguments for it


@dataclass(frozen=True)
class Verdict:
    """What became of one defect; `told` is what the gate said, or why no gate is named."""

    defect: str
    outcome: str
    gate: str
    told: str
    seconds: float


@contextmanager
def copied(service: Path) -> Iterator[Copy]:
    """A copy of a service, in a temporary folder of its own."""
    with tempfile.TemporaryDirectory(prefix="mutant-", ignore_cleanup_errors=True) as scratch:
        root = Path(scratch).resolve() / service.name
        shutil.copytree(service, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        yield Copy(root)


def gate_in(programs: Path, copy: Copy, name: str, arguments: Sequence[str]) -> Gate:
    """A gate as noxfile.py runs it, but in a copy, in a fixed order, and ended by a failure."""
    scratch = copy.root.parent
    pytest = ["pytest", "-q", "-x", "-rfE", "-pno:cacheprovider", "-pno:randomly"]
    pytest += [f"--basetemp={scratch / 'tmp'}", *arguments, "-m"]
    all_tests = [*pytest, " or ".join(TEST_GATES), "--cov", "--cov-report="]
    layers = ["python", str(ROOT / "tests/gates/layers.py"), str(scratch), *TEST_GATES]
    sources = map(str, typed_sources(copy.root))
    ruff = ["ruff", "format", "--diff", "--no-cache", "."]
    commands = {
        "coverage": [all_tests, layers],
        "lint": [["ruff", "check", "--no-cache", "."], ruff],
        "types": [["mypy", f"--cache-dir={ROOT / '.nox/mypy/services'}", *sources]],
        "boundaries": [["lint-imports", "--no-cache"]],
    }.get(name, [[*pytest, name]])
    env = {
        "PYTHONPATH": str(copy.root / "src"),  # comes before the service that is installed
        "COVERAGE_FILE": str(scratch / f"{'+'.join(TEST_GATES)}.data"),
        "COLUMNS": "200",
        "GITHUB_STEP_SUMMARY": "",
    }
    lines = [[str(programs / command), *rest] for command, *rest in commands]
    return Gate(copy.root.name, name, copy.root, lines, env)


def run(gate: Gate, copy: Copy, **more_env: str) -> tuple[int, str]:
    """The status of the first command that fails, or 0, and what all have printed."""
    printed = copy.root.with_name("printed")
    printed.unlink(missing_ok=True)
    env = {**gate.environ, **more_env}
    for command in gate.commands:
        with printed.open("ab") as output:  # a pipe would stay open as long as a left-over child
            try:
                done = subprocess.run(
                    command,
                    cwd=copy.root,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    timeout=LIMIT,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return 1, f"it did not end within {LIMIT} seconds"
        if done.returncode:
            break
    return done.returncode, printed.read_text("utf-8", "replace")


def plant(defect: Defect, copy: Copy) -> None:
    """Spoil the copy. Raises `NotApplicable`, or `ValueError` when nothing is changed by it."""
    before = contents(copy.root)
    defect.plant(copy)
    if contents(copy.root) == before:
        message = "planting it changed nothing"
        raise ValueError(message)


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def own(defects: Sequence[Defect], others: Sequence[Path]) -> list[Defect]:
    """Those of code that none of the other services has."""
    return [defect for defect in defects if not any(fits(defect, other) for other in others)]


def fits(defect: Defect, service: Path) -> bool:
    """Whether the service has the code that the defect spoils."""
    with copied(service) as copy:
        try:
            defect.plant(copy)
        except NotApplicable:
            return False
    return True


def attempts(defect: Defect, copy: Copy) -> Iterator[tuple[str, list[str]]]:
    """The gate that should catch a defect, on few tests; then every test of every gate."""
    few = [str(path) for tests in defect.only for path in sorted(copy.root.glob(tests))]
    yield defect.gate, [*defect.options, *few]
    if defect.gate in TEST_GATES:
        yield from ((gate, []) for gate in TEST_GATES)


def judge(service: Path, gate_in: GateIn, defect: Defect) -> Verdict:
    """Plant a defect into a copy of the service, and see which gate catches it."""
    started = perf_counter()

    def verdict(outcome: str, told: str, gate: str = "") -> Verdict:
        return Verdict(defect.name, outcome, gate, told, perf_counter() - started)

    with copied(service) as copy:
        try:
            plant(defect, copy)
        except NotApplicable as error:
            return verdict(NOT_APPLICABLE, str(error))
        except ValueError as error:
            return verdict(NOT_CAUGHT, str(error))
        trouble = ""
        for name, arguments in attempts(defect, copy):
            status, printed = run(gate_in(copy, name, arguments), copy, **defect.env)
            said = re.search(defect.says, printed, re.MULTILINE)
            if status and said:
                return verdict(CAUGHT, said[said.lastindex or 0], name)
            if status and not trouble:
                trouble = f"{name} failed for another reason: {reason(printed)}"
            if status == INTERRUPTED:
                break
        return verdict(NOT_CAUGHT, trouble or "every gate is green")


def reason(printed: str) -> str:
    """The first test that failed, or else what a program said at its end."""
    failed = re.search(r"^(?:FAILED|ERROR) .*", printed, re.MULTILINE)
    return failed[0] if failed else printed.strip().rpartition("\n")[2]


def red_gates(service: Path, gate_in: GateIn) -> list[str]:
    """What is wrong with a service as it is: its gates could then say nothing about a defect."""

    def red(name: str) -> str:
        with copied(service) as copy:
            status, printed = run(gate_in(copy, name, ()), copy)
        return f"{name} ({reason(printed)})" if status else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [told for told in pool.map(red, EVERY_GATE) if told]


def judge_all(service: Path, gate_in: GateIn, defects: Sequence[Defect]) -> Iterator[Verdict]:
    """The verdicts, each as soon as it is there; as many at once as there are cores."""
    longest_first = sorted(defects, key=lambda defect: defect.gate != "coverage")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            jobs = [pool.submit(judge, service, gate_in, defect) for defect in longest_first]
            yield from (job.result() for job in as_completed(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def main(service: Path, gate_in: GateIn, defects: Sequence[Defect] = DEFECTS) -> str | None:
    """Print the verdicts; gives the reason to fail."""
    if not defects:
        print(f"{service.name} has no code for a defect that the others have not, too", flush=True)
        return None
    if red := red_gates(service, gate_in):
        return f"{service.name} is red without any defect, mend it first: {'; '.join(red)}."
    print(f"{service.name} is green as it is; now with one defect at a time:", flush=True)
    width = max(len(defect.name) for defect in defects)
    verdicts = []
    for verdict in judge_all(service, gate_in, defects):
        verdicts.append(verdict)
        told = verdict.told if len(verdict.told) <= WIDTH else f"{verdict.told[:WIDTH]}…"
        outcome = f"{verdict.outcome} {verdict.gate}"
        print(f"{verdict.defect:{width}}  {outcome:21} {verdict.seconds:5.1f} s  {told}")
        sys.stdout.flush()
    return conclude(service.name, verdicts)


def conclude(service: str, verdicts: Sequence[Verdict]) -> str | None:
    """Print the count, and add all to the summary of a GitHub job; gives the reason to fail."""
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    planted = len(verdicts) - outcomes[NOT_APPLICABLE]
    count = f"{planted} defects planted, {outcomes[CAUGHT]} caught"
    if outcomes[NOT_APPLICABLE]:
        count += f", {outcomes[NOT_APPLICABLE]} not applicable"
    print(count, flush=True)
    rows = [[each.defect, each.outcome, each.gate, each.told] for each in verdicts]
    append_to_job_summary(
        [
            f"{service}: {count}",
            "",
            "| defect | | gate | what it said |",
            "|---|---|---|---|",
            *(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows),
        ]
    )
    missed = [verdict.defect for verdict in verdicts if verdict.outcome == NOT_CAUGHT]
    return f"Not caught: {', '.join(missed)}." if missed else None


if __name__ == "__main__":
    place, programs, *others = map(Path, sys.argv[1:])
    sys.exit(main(place, partial(gate_in, programs), own(DEFECTS, others)))

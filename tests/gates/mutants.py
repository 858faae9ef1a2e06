"""Plants known defects, one at a time, into copies of a project, and sees a gate catch each.

    python mutants.py <folder of the project> <folder with the programs of its environment>
                      [<folder of another project> …]

A project is the platform or a service. What another service has as well is left to that one. The
project itself is never touched. A defect counts as caught when a gate fails and says why. One whose
code a service no longer has is reported as not applicable, which is no reason to fail.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Lock
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates.defects import OF_PLATFORM, OF_SERVICES
from gates.defects.planting import Copy, Defect, NotApplicable
from gates.forked import forks
from gates.services import PLATFORM, typed_sources
from gates.together import Gate, append_to_job_summary

ROOT = Path(__file__).parents[2]
TEST_GATES = ("unit", "integration", "migration", "concurrency")
EVERY_GATE = (*TEST_GATES, "contract", "coverage", "types", "lint", "boundaries")
LONGEST_FIRST = ("coverage", "contract", "concurrency")
IN_A_FORK = ("pytest", "lint-imports")  # programs whose imports take longer than they do
LEFT_OUT = [".git", ".nox", ".venv", "__pycache__", ".*_cache", ".mypy_worker*", "htmlcov"]
LEFT_OUT += [".hypothesis", ".coverage", ".env", "*.db", "*.db-*"]  # as .gitignore, which is left
LIMIT = 180  # seconds for a command that should long have been stopped by its own limits
INTERRUPTED = 2  # pytest's status after Ctrl-C, or when it cannot import a test
WIDTH = 70  # of what a gate printed, in the table
CAUGHT, NOT_CAUGHT, NOT_APPLICABLE = "caught by", "NOT CAUGHT", "not applicable"

GateIn = Callable[[Copy, str, Sequence[str]], Gate]
"""Return the gate of this name in a copy, with arguments for it."""

Call = Callable[[Sequence[str], Path, Mapping[str, str], Path, int], int]
"""Run a command: with its folder, environment, file for the output, and limit in seconds."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one defect; `reason` is what the gate printed, or why no gate is named."""

    defect: str
    outcome: str
    gate: str
    reason: str
    seconds: float


# Copies


def platform_of(project: Path) -> Path | None:
    """Return the path from a service to its platform, as its pyproject.toml has it."""
    settings = project / "pyproject.toml"
    if not settings.is_file():
        return None
    tool = tomllib.loads(settings.read_text(encoding="utf-8")).get("tool", {})
    places = [source.get("path") for source in tool.get("uv", {}).get("sources", {}).values()]
    found = [Path(place) for place in places if place and Path(place).name == PLATFORM]
    return found[0] if found else None


@contextmanager
def copied(project: Path) -> Iterator[Copy]:
    """Copy a project into a temporary folder, a service as far from the platform as it is."""
    with tempfile.TemporaryDirectory(prefix="mutant-", ignore_cleanup_errors=True) as scratch:
        yield copy_into(Path(scratch).resolve(), project)


def copy_into(scratch: Path, project: Path) -> Copy:
    """Copy a project into a folder that is empty or new."""
    platform = platform_of(project)
    upwards = platform.parts.count("..") if platform else 0
    root = scratch / project.relative_to(project.parents[max(upwards, 1) - 1])
    shutil.copytree(project, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    if platform and upwards:  # else it is a part of the copy
        place = Path(os.path.normpath(root / platform))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to((project / platform).resolve(), target_is_directory=True)
    return Copy(root)


def contents(folder: Path) -> dict[Path, bytes]:
    """Return every file below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def restored(copy: Copy) -> Iterator[None]:
    """Put the files of a copy back when the block ends: faster than another copy."""
    before = contents(copy.root)
    try:
        yield
    finally:
        after = contents(copy.root)
        for path in after.keys() - before.keys():
            path.unlink()
            for folder in path.parents:
                if any(folder.iterdir()):
                    break
                folder.rmdir()
        for path, content in before.items():
            if after.get(path) != content:
                path.write_bytes(content)


def plant(defect: Defect, copy: Copy) -> None:
    """Change the copy. Raises `NotApplicable`, or `ValueError` if that changes nothing."""
    before = contents(copy.root)
    defect.plant(copy)
    if contents(copy.root) == before:
        message = "planting it changed nothing"
        raise ValueError(message)


# Which defects are planted where


def defects_of(project: Path, others: Sequence[Path] = ()) -> list[Defect]:
    """Return the defects to plant into a project; what another service has is left to that one."""
    if is_platform(project):
        return OF_PLATFORM
    services = [other for other in others if not is_platform(other)]
    return own(OF_SERVICES, services)


def is_platform(project: Path) -> bool:
    """Return whether it is the platform."""
    return (project / "src" / PLATFORM).is_dir()


def own(defects: Sequence[Defect], others: Sequence[Path]) -> list[Defect]:
    """Return those of code that none of the other services has."""
    left = [*defects]
    for other in others:
        with copied(other) as copy:
            left = [defect for defect in left if not fits(defect, copy)]
    return left


def fits(defect: Defect, copy: Copy) -> bool:
    """Return whether a project has the code that the defect changes."""
    with restored(copy):
        try:
            defect.plant(copy)
        except NotApplicable:
            return False
    return True


# Gates


def gate_in(programs: Path, copy: Copy, name: str, arguments: Sequence[str]) -> Gate:
    """Return a gate as noxfile.py runs it, but in a copy, in a fixed order, ended by a failure."""
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
        "PYTHONPATH": str(copy.root / "src"),  # comes before what is installed
        "PYTHONDONTWRITEBYTECODE": "",
        "COVERAGE_FILE": str(scratch / f"{'+'.join(TEST_GATES)}.data"),
        "COLUMNS": "200",
        "GITHUB_STEP_SUMMARY": "",
    }
    lines = [[str(programs / command), *rest] for command, *rest in commands]
    return Gate(copy.root.name, name, copy.root, lines, env)


def call(
    command: Sequence[str], folder: Path, env: Mapping[str, str], output: Path, seconds: int
) -> int:
    """Run a command; its output goes to a file, as a pipe would stay open with what it started."""
    with output.open("ab") as file:
        done = subprocess.run(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            timeout=seconds,
            check=False,
        )
    return done.returncode


@contextmanager
def calling(programs: Path) -> Iterator[Call]:
    """Give a `Call` that saves the imports of Python programs, where the system can fork."""
    if not hasattr(os, "fork"):
        yield call
        return
    with forks(programs / "python", os.cpu_count() or 1) as made:

        def call_or_fork(
            command: Sequence[str], folder: Path, env: Mapping[str, str], output: Path, seconds: int
        ) -> int:
            run = made.run if Path(command[0]).name in IN_A_FORK else call
            return run(command, folder, env, output, seconds)

        yield call_or_fork


def few_tests(defect: Defect, copy: Copy) -> list[str]:
    """Return the few tests that should catch a defect, relative to the copy."""
    found = [path for tests in defect.only for path in sorted(copy.root.glob(tests))]
    return [str(path.relative_to(copy.root)) for path in found]


def attempts(defect: Defect, copy: Copy) -> Iterator[tuple[str, list[str]]]:
    """Yield the gate that should catch a defect, on few tests; then every test of every gate."""
    yield defect.gate, [*defect.options, *_named(defect.keyword), *few_tests(defect, copy)]
    if defect.gate in TEST_GATES:
        yield from ((gate, []) for gate in TEST_GATES)


def first_attempts(defects: Sequence[Defect], copy: Copy) -> Iterator[tuple[str, list[str]]]:
    """Yield the gates with all the tests that defects are tried on first, in as few runs as can be.

    Tests that are themselves planted are none of them.
    """
    runs: dict[tuple[str, tuple[str, ...], bool], list[Defect]] = {}
    for defect in defects:
        kind = (defect.gate, defect.options, bool(defect.keyword))
        runs.setdefault(kind, []).append(defect)
    for (gate, options, _), alike in runs.items():
        tests = dict.fromkeys(test for defect in alike for test in few_tests(defect, copy))
        keywords = dict.fromkeys(f"({each.keyword})" for each in alike if each.keyword)
        if tests or not all(defect.only for defect in alike):
            yield gate, [*options, *_named(" or ".join(keywords)), *tests]


def _named(keyword: str) -> list[str]:
    return ["-k", keyword] if keyword else []


# Verdicts


@dataclass(frozen=True)
class Trial:
    """The trial of a project's defects; `gate_in` and `call` say how its gates run."""

    project: Path
    gate_in: GateIn
    call: Call
    _folders: Queue[Path] = field(default_factory=Queue)
    _red: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def threads(self) -> Iterator[ThreadPoolExecutor]:
        """Give as many threads as there are cores, each with a folder for its copies."""
        count = os.cpu_count() or 1
        with (
            tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as scratch,
            ThreadPoolExecutor(count) as pool,
        ):
            Path(scratch).chmod(0o755)  # tests of a read-only database run as another user
            for number in range(count):
                self._folders.put(Path(scratch).resolve() / str(number))
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def red_gates(self, pool: ThreadPoolExecutor, defects: Sequence[Defect]) -> list[str]:
        """Return what is red without any defect, of the tests that are tried first."""
        with self._copied() as copy:
            runs = [*first_attempts(defects, copy)]
        return [red for red in pool.map(lambda run: self._red_gate(*run), runs) if red]

    def judge(self, defect: Defect) -> Verdict:
        """Plant a defect into a copy of the project, and see which gate catches it."""
        started = perf_counter()
        with self._copied() as copy:
            outcome, gate, reason, is_first = self._outcome(defect, copy)
        if outcome == CAUGHT and not is_first and (red := self._red_anyway(gate)):
            outcome, gate, reason = NOT_CAUGHT, "", f"red without any defect: {red}"
        return Verdict(defect.name, outcome, gate, reason, perf_counter() - started)

    def _outcome(self, defect: Defect, copy: Copy) -> tuple[str, str, str, bool]:
        """Return the outcome, the gate, the reason, and whether the few tests were enough."""
        try:
            plant(defect, copy)
        except NotApplicable as error:
            return NOT_APPLICABLE, "", str(error), True
        except ValueError as error:
            return NOT_CAUGHT, "", str(error), True
        other_reason = ""
        for number, (name, arguments) in enumerate(attempts(defect, copy)):
            status, printed = self._run(copy, name, arguments, **defect.env)
            found = re.search(defect.says, printed, re.MULTILINE)
            if status and found:
                return CAUGHT, name, found[found.lastindex or 0], number == 0
            if status and not other_reason:
                other_reason = f"{name} failed for another reason: {first_failure(printed)}"
            if status == INTERRUPTED:
                break
        return NOT_CAUGHT, "", other_reason or "every gate is green", True

    def _red_anyway(self, gate: str) -> str:
        """Return what is red in a gate with all its tests, without any defect."""
        with self._lock:
            if gate not in self._red:
                self._red[gate] = self._red_gate(gate, ())
        return self._red[gate]

    def _red_gate(self, name: str, arguments: Sequence[str]) -> str:
        with self._copied() as copy:
            status, printed = self._run(copy, name, arguments)
        return f"{name} ({first_failure(printed)})" if status else ""

    @contextmanager
    def _copied(self) -> Iterator[Copy]:
        """Copy the project into one of few folders: what is cached by path is found again."""
        folder = self._folders.get()
        try:
            yield copy_into(folder, self.project)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._folders.put(folder)

    def _run(
        self, copy: Copy, name: str, arguments: Sequence[str], **more_env: str
    ) -> tuple[int, str]:
        """Return the status of the first command that fails, or 0, and what all have printed."""
        gate = self.gate_in(copy, name, arguments)
        output = copy.root.with_name("printed")
        output.write_bytes(b"")
        env = {**gate.environ, **more_env}
        status = 0
        for command in gate.commands:
            try:
                status = self.call(command, copy.root, env, output, LIMIT)
            except subprocess.TimeoutExpired:
                return 1, f"it did not end within {LIMIT} seconds"
            if status:
                break
        return status, output.read_text("utf-8", "replace")


def first_failure(printed: str) -> str:
    """Return the first test that failed, or else the last line of a program."""
    failed = re.search(r"^(?:FAILED|ERROR) .*", printed, re.MULTILINE)
    return failed[0] if failed else printed.strip().rpartition("\n")[2]


def longest_first(defect: Defect) -> int:
    """Return the place of a defect in the order in which they are tried."""
    gate = defect.gate
    return LONGEST_FIRST.index(gate) if gate in LONGEST_FIRST else len(LONGEST_FIRST)


def main(
    project: Path, gate_in: GateIn, defects: Sequence[Defect], call: Call = call
) -> str | None:
    """Print the verdicts; return the reason to fail."""
    if not defects:
        print(f"{project.name} has no code for a defect that the others do not have", flush=True)
        return None
    width = max(len(defect.name) for defect in defects)
    verdicts = []
    trial = Trial(project, gate_in, call)
    with trial.threads() as pool:
        if red := trial.red_gates(pool, defects):
            return f"{project.name} is red without any defect, fix it first: {'; '.join(red)}."
        print(f"{project.name} is green as it is; now with one defect at a time:", flush=True)
        jobs = [pool.submit(trial.judge, each) for each in sorted(defects, key=longest_first)]
        for job in as_completed(jobs):
            verdict = job.result()
            verdicts.append(verdict)
            reason = verdict.reason
            shown = reason if len(reason) <= WIDTH else f"{reason[:WIDTH]}…"
            outcome = f"{verdict.outcome} {verdict.gate}"
            print(f"{verdict.defect:{width}}  {outcome:21} {verdict.seconds:5.1f} s  {shown}")
            sys.stdout.flush()
    return conclude(project.name, verdicts)


def conclude(project: str, verdicts: Sequence[Verdict]) -> str | None:
    """Print the count, and add all to the summary of a GitHub job; return the reason to fail."""
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    planted = len(verdicts) - outcomes[NOT_APPLICABLE]
    count = f"{planted} defects planted, {outcomes[CAUGHT]} caught"
    if outcomes[NOT_APPLICABLE]:
        count += f", {outcomes[NOT_APPLICABLE]} not applicable"
    print(count, flush=True)
    rows = [[each.defect, each.outcome, each.gate, each.reason] for each in verdicts]
    append_to_job_summary(
        [
            f"{project}: {count}",
            "",
            "| defect | | gate | what it printed |",
            "|---|---|---|---|",
            *(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows),
        ]
    )
    missed = [verdict.defect for verdict in verdicts if verdict.outcome == NOT_CAUGHT]
    return f"Not caught: {', '.join(missed)}." if missed else None


if __name__ == "__main__":
    place, programs, *others = map(Path, sys.argv[1:])
    with calling(programs) as call_or_fork:
        planned = defects_of(place, others)
        sys.exit(main(place, partial(gate_in, programs), planned, call_or_fork))

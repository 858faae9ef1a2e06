"""Runs programs, and ends them with all that they have started, whatever happens here."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

# What belongs to the session that runs the bench, or to a developer, and would change the figures.
FOREIGN: Final = (
    "CATALOG_",
    "COVERAGE_",
    "GITHUB_STEP_SUMMARY",
    "IDENTITY_",
    "NOX",
    "PYTEST_",
    "PYTHON",
    "TEST_DATABASE_URL",
    "UV_PROJECT_ENVIRONMENT",
    "VIRTUAL_ENV",
)
PATIENCE: Final = 180  # seconds: whatever takes longer hangs


class FaultError(Exception):
    """What makes figures worthless: a failed request, a lost row, a red test; one sentence."""


def variables(**more: str | Path) -> dict[str, str]:
    """The environment of a program: that of this process without what is foreign to it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | {name: str(value) for name, value in more.items()}


@contextmanager
def started(
    *command: str | Path,
    folder: Path,
    env: Mapping[str, str],
    output: IO[str] | int = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """A program in a process group of its own, which is killed at the end of the block."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        text=True,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT if output != subprocess.PIPE else subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # at once: all it works on is scratch
        process.communicate()


def run(
    *command: str | Path,
    folder: Path,
    env: Mapping[str, str],
    given: str | None = None,
    timeout: float = PATIENCE,
) -> str:
    """Return what a program prints for an input. Raises `FaultError` when it fails or hangs."""
    program = " ".join(Path(part).name for part in command[:4])
    with started(*command, folder=folder, env=env) as process:
        try:
            printed, complaints = process.communicate(given, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            raise FaultError(f"`{program} …` had not ended after {timeout:g} seconds.") from late
    if process.returncode:
        sys.stderr.write(f"{printed}{complaints}\n")
        said = (complaints.strip() or printed.strip() or "nothing").splitlines()
        raise FaultError(f"`{program} …` ended with {process.returncode}: {said[-1]}")
    return printed

"""What has to be in place before a service's own code is imported; loaded by an entry point.

* a time limit for importing the tests: pytest-timeout only watches them run
* a refusal of several services in one process: each needs one of its own, as fixtures live as long
  as the process

Imports nothing of the platform, which the service could have broken.
"""

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import pytest

SECONDS_BEFORE_COLLECTION: Final = float(os.environ.get("PYTEST_TIMEOUT", "300"))
SERVICES: Final = ("services/*/conftest.py", "*/conftest.py")  # below a folder


class ImportTimeoutError(Exception):
    """An import did not end within the time limit; the traceback shows where it stood."""


def _stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's shape
    faulthandler.dump_traceback(sys.__stderr__ or sys.stderr, all_threads=True)
    message = "an import did not end within the time limit; the last line above is where it stood"
    raise ImportTimeoutError(message)


def _watch(seconds: float) -> None:
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, seconds)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Refuse several services; start the time limit of what comes before collection."""
    given = [Path(each.partition("::")[0]) for each in args if not each.startswith("-")]
    here = early_config.invocation_params.dir
    places = [path for path in given if path.exists()] or [here]
    found = sorted({service for place in places for service in _services(here / place)})
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise pytest.UsageError(
            f"Several services ({names}) need a process each: name one folder, or run nox -s tests."
        )
    _watch(SECONDS_BEFORE_COLLECTION)


def _services(place: Path) -> Iterator[Path]:
    """Yield the service that a place is in, or those below it."""
    for folder in (place, *place.parents):
        if _is_service(folder):
            yield folder
            return
    for pattern in SERVICES:
        yield from (path.parent for path in place.glob(pattern) if _is_service(path.parent))


def _is_service(folder: Path) -> bool:
    return (folder / "conftest.py").is_file() and (folder / "pyproject.toml").is_file()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Give each file its own time to be imported."""
    _watch(float(collector.config.getini("timeout") or SECONDS_BEFORE_COLLECTION))
    return (yield)


def pytest_sessionstart() -> None:
    """Stop the first time limit; pytest-xdist's controller imports nothing more."""
    _watch(0)


def pytest_collection_finish() -> None:
    """Stop the time limit: from here on pytest-timeout watches."""
    _watch(0)

"""Importing the tests has a time limit, too: pytest-timeout only watches them run.

Loaded before everything else (`-p` in pytest.ini), so it also sees an import of the service's own
code that hangs. Imports nothing of the service for the same reason.
"""

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import pytest

SECONDS_BEFORE_COLLECTION = float(os.environ.get("PYTEST_TIMEOUT", "30"))


class ImportTookTooLongError(Exception):
    """An import did not come to its end; the traceback shows where it stood."""


def _stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's shape
    faulthandler.dump_traceback(sys.__stderr__ or sys.stderr, all_threads=True)
    message = "an import did not end within the time limit; the last line above is where it stood"
    raise ImportTookTooLongError(message)


def _watch(seconds: float) -> None:
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, seconds)


_watch(SECONDS_BEFORE_COLLECTION)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Give each file its own time to be imported."""
    _watch(float(collector.config.getini("timeout")))
    return (yield)


def pytest_sessionstart() -> None:
    """What comes before collection is imported; pytest-xdist's controller imports nothing more."""
    _watch(0)


def pytest_collection_finish() -> None:
    """All is imported: from here on pytest-timeout watches."""
    _watch(0)

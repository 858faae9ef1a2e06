"""`--seconds`: how long a load test goes on, and the figures that it prints at its end."""

import faulthandler
import math
import os
from typing import Final

import pytest

BRIEF: Final = bool(os.environ.get("PLUMBLINE_BRIEF"))  # `nox -s new`: fewer requests
SETUP: Final = 300.0  # seconds for what comes before and after: the limit of any other test


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the option known."""
    meaning = "let load tests go on for so long (without it: briefly), and print their figures"
    parser.addoption("--seconds", metavar="SECONDS", help=meaning)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a duration that is none, before any test runs."""
    seconds_of(config)


def seconds_of(config: pytest.Config) -> float | None:
    """Return the duration in seconds that was asked for, if any. Raises `pytest.UsageError`."""
    text = config.getoption("seconds")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise pytest.UsageError(f"--seconds takes a number above 0, as in --seconds 300: {text!r}")
    return seconds


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give those tests as much time as they need."""
    seconds = seconds_of(config)
    for item in items:
        if seconds and "seconds" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(seconds + SETUP))


@pytest.fixture
def seconds(pytestconfig: pytest.Config) -> float | None:
    """How long a load test goes on, in seconds; None for briefly."""
    given = seconds_of(pytestconfig)
    if given:
        faulthandler.cancel_dump_traceback_later()  # its limit is for short tests
    return given


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that were recorded, where a duration was asked for."""
    if not seconds_of(terminalreporter.config):
        return
    recorded = {
        report.nodeid: {name: value for name, value in report.user_properties if name != "gate"}
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    }
    for test, figures in recorded.items():
        if figures:
            terminalreporter.section(test)
            for name, value in figures.items():
                terminalreporter.write_line(f"{name:24} {value}")

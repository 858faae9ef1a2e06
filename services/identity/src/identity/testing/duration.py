"""`--seconds`: how long a test of endurance goes on, and what it tells at its end.

A plugin (`-p` in pytest.ini), so that the option is known wherever pytest is started. Imports
nothing of the service, like `time_limit.py`.
"""

import faulthandler
import math
from typing import Final

import pytest

BRIEFLY: Final = 2.0  # seconds: what the gate can spare each time
AROUND_IT: Final = 30.0  # seconds for what comes before and after: the limit of any other test


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the option known."""
    meaning = f"let tests of endurance go on for so long ({BRIEFLY:g} without it), and tell figures"
    parser.addoption("--seconds", metavar="SECONDS", help=meaning)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a duration that is none, before any test runs."""
    _given(config)


def _given(config: pytest.Config) -> float | None:
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
    seconds = _given(config)
    for item in items:
        if seconds and "seconds" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(seconds + AROUND_IT))


def duration(config: pytest.Config) -> float:
    """How long such a test goes on, in seconds. To be asked by its fixture `seconds`."""
    given = _given(config)
    if given:
        faulthandler.cancel_dump_traceback_later()  # its limit is for short tests
    return given or BRIEFLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the figures that were recorded, where a duration was asked for."""
    if not _given(terminalreporter.config):
        return
    figures = {
        report.nodeid: {name: value for name, value in report.user_properties if name != "gate"}
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    }
    for test, told in figures.items():
        if told:
            terminalreporter.section(test)
            for name, value in told.items():
                terminalreporter.write_line(f"{name:24} {value}")

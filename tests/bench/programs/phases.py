"""A pytest plugin that writes what each test took, in setup, call and teardown together."""

import json
import os
from pathlib import Path
from typing import Final

import pytest

tests: Final[dict[str, dict[str, str | float]]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add one phase of a test to what it took."""
    new: dict[str, str | float] = {"name": report.nodeid, "milliseconds": 0.0}
    test = tests.setdefault(report.nodeid, new)
    test["milliseconds"] = float(test["milliseconds"]) + report.duration * 1000
    test["gate"] = str(dict(report.user_properties).get("gate", ""))


def pytest_unconfigure() -> None:
    """Write all of them into the file that PHASES names."""
    Path(os.environ["PHASES"]).write_text(json.dumps([*tests.values()]), encoding="utf-8")

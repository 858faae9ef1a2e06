"""Says which service the platform's own tests run on: the sample in `tests/sample`."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from plumbline import Service
from sample.main import SERVICE
from sample.settings import Settings

pytest_plugins = ["plumbline.testing", *SERVICE.modules.fixtures()]


@pytest.fixture(scope="session")
def plumbline_service() -> Service[Settings]:
    """The service under test."""
    return SERVICE


@pytest.fixture(scope="session")
def allowed_blocking_calls() -> Mapping[str, set[str]]:
    """The move of a database is a program that has its event loop for itself."""
    return {"plumbline/move.py": {"move", "migrate"}}


@pytest.fixture(scope="session", autouse=True)
def _programs_find_the_sample() -> Iterator[None]:
    """Let programs that tests start import `sample`, which is not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).with_name("tests")), prepend=os.pathsep)
        yield

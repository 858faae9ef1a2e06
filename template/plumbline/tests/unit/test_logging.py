"""Every line of the log is one JSON object, whoever wrote it."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from .logs import configure_logs


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = False
    structlog.reset_defaults()


def test_the_service_and_its_libraries_write_the_same_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("info", as_json=True)

    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("here").info("sold", amount=3)
        logging.getLogger("library").warning("careful with %s", "that")
        logging.getLogger("library").debug("too much")

    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert ours.items() >= {"event": "sold", "amount": 3, "level": "info"}.items()
    assert theirs.items() >= {"event": "careful with that", "logger": "library"}.items()
    assert ours["request_id"] == theirs["request_id"] == "r-1"


def test_not_even_for_debugging_does_a_library_tell_what_rows_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("debug", as_json=True)

    logging.getLogger("aiosqlite").debug("executing %s", "INSERT … 'swordfish'")

    assert "swordfish" not in capsys.readouterr().err


def test_people_get_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=False)

    structlog.get_logger("here").info("sold", amount=3)

    line = capsys.readouterr().err
    assert "sold" in line
    assert not line.startswith("{")

"""Every line of the log is one JSON object, whichever library writes it."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from plumbline import configure_logging


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    configuration = structlog.get_config()
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = False
    structlog.configure(**configuration)


def test_service_and_libraries_write_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", as_json=True)

    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("here").info("sold", amount=3)
        logging.getLogger("library").warning("careful with %s", "that")
        logging.getLogger("library").debug("too much")

    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert ours.items() >= {"event": "sold", "amount": 3, "level": "info"}.items()
    assert theirs.items() >= {"event": "careful with that", "logger": "library"}.items()
    assert ours["request_id"] == theirs["request_id"] == "r-1"


def test_row_contents_are_never_logged_even_at_level_debug(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("debug", as_json=True)

    logging.getLogger("aiosqlite").debug("executing %s", "INSERT … 'swordfish'")

    assert "swordfish" not in capsys.readouterr().err


def test_exception_is_logged_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", as_json=True)

    try:
        raise OSError("no broker")
    except OSError:
        structlog.get_logger("here").exception("failed")

    line = json.loads(capsys.readouterr().err)
    assert "Traceback" in line["exception"]
    assert "no broker" in line["exception"]


def test_log_without_json_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", as_json=False)

    structlog.get_logger("here").info("sold", amount=3)

    line = capsys.readouterr().err
    assert "sold" in line
    assert not line.startswith("{")

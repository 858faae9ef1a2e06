"""Runs Python programs in forks of a process that has imported their libraries already.

Importing them takes longer than most runs of a few tests: two seconds of pytest, FastAPI and
SQLAlchemy. What a project itself has is imported in the fork, so that each run may find other code.

    python forked.py    reads requests, a line of JSON each, and answers each with a line
"""

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from queue import Queue
from runpy import run_path
from typing import IO, Any, NoReturn

# No plugin of pytest: those it imports itself, to rewrite their assertions.
LIBRARIES = (
    *("_pytest.config", "_pytest.junitxml", "_pytest.pastebin", "_pytest.python", "pytest"),
    *("alembic.autogenerate", "alembic.command", "blockbuster", "coverage"),
    *("fastapi.openapi.utils", "fastapi.testclient", "freezegun", "httpcore2", "importlinter.cli"),
    *(
        "httpx2",
        "polyfactory.factories.pydantic_factory",
        "pydantic_settings",
        "sqlalchemy.ext.asyncio",
    ),
    *("aiosqlite", "sqlalchemy.dialects.sqlite.aiosqlite", "asyncpg", "structlog", "uvicorn"),
    *("sqlalchemy.dialects.postgresql.asyncpg", "uuid_utils.compat", "uvloop", "xml.dom.minidom"),
)
TOO_LONG = "too long"


class Forks:
    """Some processes that fork, each for one program at a time."""

    def __init__(self, python: Path, count: int) -> None:
        self._idle: Queue[subprocess.Popen[str]] = Queue()
        command = [str(python), __file__]
        for _ in range(count):
            self._idle.put(subprocess.Popen(command, stdin=-1, stdout=-1, text=True, bufsize=1))
        self._all = [*self._idle.queue]

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        output: Path,
        seconds: int,
    ) -> int:
        """Run a Python program, and add what it prints to a file; return its exit status.

        Raises `subprocess.TimeoutExpired`.
        """
        request = {"command": [*command], "folder": str(folder), "env": {**env}}
        line = json.dumps(request | {"output": str(output), "seconds": seconds})
        process = self._idle.get()
        try:
            _pipe(process.stdin).write(f"{line}\n")
            answer = _pipe(process.stdout).readline().strip()
        finally:
            self._idle.put(process)
        if answer == TOO_LONG:
            raise subprocess.TimeoutExpired(command, seconds)
        if not answer:
            message = "a process that forks has ended"
            raise ChildProcessError(message)
        return int(answer)

    def close(self) -> None:
        """End the processes, and what they run."""
        for process in self._all:
            with process:  # closes the pipes, and waits for its end
                process.terminate()


def _pipe(given: IO[str] | None) -> IO[str]:
    assert given is not None
    return given


@contextmanager
def forks(python: Path, count: int) -> Iterator[Forks]:
    """Have so many processes, until the block ends."""
    made = Forks(python, count)
    try:
        yield made
    finally:
        made.close()


# What the processes run


def serve() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in LIBRARIES:
        with suppress(ImportError):
            import_module(name)
    gc.freeze()
    with suppress(KeyboardInterrupt):
        for line in sys.stdin:
            print(_forked(json.loads(line)), flush=True)


def _forked(request: Mapping[str, Any]) -> int | str:
    child = os.fork()
    if not child:
        _run(request)
    timed_out = False

    def stop(*_: object) -> None:
        nonlocal timed_out
        timed_out = True
        _kill(child)

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(request["seconds"])
    try:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        signal.alarm(0)
        _kill(child)
    return TOO_LONG if timed_out else status


def _kill(group: int) -> None:
    """Kill a program with all that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _run(request: Mapping[str, Any]) -> NoReturn:
    """Be the program, in a process that has just been forked."""
    status = 1
    try:
        os.setsid()
        for number in (signal.SIGALRM, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        output = os.open(request["output"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["folder"])
        sys.argv = [*request["command"]]
        own = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        sys.path[:1] = [str(Path(sys.argv[0]).parent), *own]
        run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()

"""A real server on a free loopback port: in the loop of the test, or in a process of its own."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from .sandbox import AnyService

LONGEST_LINE: Final = 1024**2  # bytes: a traceback is one line of the log

# Uvicorn's own program, which also ends with its input: no server outlives its test.
UVICORN: Final = """
import os, threading, uvicorn
threading.Thread(target=lambda: os._exit(len(os.read(0, 1))), daemon=True).start()
uvicorn.main()
"""


@dataclass(frozen=True)
class ServiceProcess:
    """A service in a process of its own: its address, and the last lines of its log."""

    address: str
    process: Process
    log: deque[str]


@asynccontextmanager
async def serve(app: FastAPI) -> AsyncIterator[str]:
    """Run uvicorn until the block ends or the process is stopped; give its address."""
    config = uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        assert not running.done(), "the server did not start"
        await asyncio.sleep(0.001)
    try:
        yield "http://{}:{}".format(*server.servers[0].sockets[0].getsockname())
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def serve_process(
    service: AnyService, url: str, folder: Path
) -> AsyncIterator[ServiceProcess]:
    """Run what production runs, on the database at `url`, and kill it when the block ends.

    `folder` is where it runs: one without a `.env`, which would be a developer's own settings.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", UVICORN, f"{service.package}.main:production"),
        *("--factory", "--port=0"),
        cwd=folder,
        env={**os.environ, f"{service.settings.prefix()}DATABASE_URL": url},
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
        limit=LONGEST_LINE,
    )
    log: deque[str] = deque(maxlen=20)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    reading = asyncio.create_task(_read(process, log, address))
    try:
        yield ServiceProcess(await address, process, log)
    finally:
        with suppress(ProcessLookupError):  # it has ended already
            process.kill()
        await process.wait()
        await reading


async def _read(process: Process, log: deque[str], address: asyncio.Future[str]) -> None:
    """Keep the end of its log, all of which has to be read, or the process would wait."""
    assert process.stdout is not None
    async for line in process.stdout:
        log.append(line.decode())
        if not address.done() and (found := re.search(r"running on (http://[\d.:]+)", log[-1])):
            address.set_result(found[1])
    if not address.done():
        address.set_exception(AssertionError(f"the service did not start: {''.join(log)}"))

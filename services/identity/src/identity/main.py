"""What production runs: this as a program, or uvicorn with its `--factory`."""

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process

import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from .app import create_app
from .backends import backend_of
from .database import Database
from .errors import Unavailable
from .logs import configure_logs
from .modules import BrokenModule, load_modules, load_settings
from .settings import Settings, named


def production() -> FastAPI:
    """The application as the environment describes it; the target of `uvicorn --factory`.

    Ends the process as `main` does when a setting or a module is unusable.
    """
    with _ending_with_a_sentence():
        settings = Settings()
        configure_logs(settings.log_level, as_json=settings.log_json)
        _warn_of_several(settings.database_url)
        app = create_app(settings, own=load_settings(".env"))
    gc.collect()
    gc.freeze()  # what lives as long as the process: each search in it would stop all requests
    return app


def _warn_of_several(url: str) -> None:
    """Say what a database cannot bear, in each worker of uvicorn's `--workers`."""
    is_worker = parent_process() is not None and "--reload" not in sys.argv
    if is_worker and (weakness := backend_of(url).weakness()):
        structlog.get_logger(__name__).warning("database.weakness", reason=weakness)


@contextmanager
def _ending_with_a_sentence() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        sys.exit(f"identity cannot start: {named(error)}.")
    except (BrokenModule, Unavailable) as error:
        sys.exit(f"identity cannot start: {error}")


async def _check(url: str) -> None:
    async with Database(url) as database:
        await database.check(writable=True)


def main() -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight.

    Ends with status 1 and one sentence when a setting, a module or the database is unusable. With
    `--reload` among the arguments, it starts again whenever a file changes.
    """
    with _ending_with_a_sentence():
        settings = Settings()
        load_modules(settings.modules)
        load_settings(".env")
        asyncio.run(_check(settings.database_url))
    configure_logs(settings.log_level, as_json=settings.log_json)
    docs = f"http://{settings.host}:{settings.port}/docs"
    structlog.get_logger(__name__).info("starting", docs=docs)
    uvicorn.run(
        "identity.main:production",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=None,
        reload="--reload" in sys.argv[1:],
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


if __name__ == "__main__":
    main()

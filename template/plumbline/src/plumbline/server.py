"""What production runs: a service's `main.py` as a program, or uvicorn with its `--factory`."""

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

from .database.backend import backend_of
from .errors import Unavailable
from .modules import BrokenModule
from .service import S, Service
from .settings import format_errors


def production(service: Service[S]) -> FastAPI:
    """Build the application as the environment describes it; for `uvicorn --factory`.

    Ends the process as `main` does when a setting or a module is unusable.
    """
    with _exit_with_a_sentence(service):
        settings = service.settings()
        service.configure_logging(settings.log_level, as_json=settings.log_json)
        _warn_about_processes(settings.database_url)
        app = service.create_app(settings, module_settings=service.modules.load_settings(".env"))
    gc.collect()
    gc.freeze()  # what lives as long as the process: each collection would stop all requests
    return app


def main(service: Service[S]) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight.

    Ends with status 1 and one sentence when a setting, a module or the database is unusable. With
    `--reload` among the arguments, it restarts whenever a file changes.
    """
    with _exit_with_a_sentence(service):
        settings = service.settings()
        service.modules.routers(settings.modules)
        service.modules.statuses()
        service.modules.load_settings(".env")
        asyncio.run(_check(service, settings.database_url))
    service.configure_logging(settings.log_level, as_json=settings.log_json)
    docs = f"http://{settings.host}:{settings.port}/docs"
    structlog.get_logger(__name__).info("starting", docs=docs)
    uvicorn.run(
        f"{service.package}.main:production",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=None,
        reload="--reload" in sys.argv[1:],
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


def _warn_about_processes(url: str) -> None:
    """Log what a database does not support, in each worker of uvicorn's `--workers`."""
    is_worker = parent_process() is not None and "--reload" not in sys.argv
    if is_worker and (warning := backend_of(url).multiprocess_warning()):
        structlog.get_logger(__name__).warning("database.multiprocess", reason=warning)


@contextmanager
def _exit_with_a_sentence(service: Service[S]) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        reason = format_errors(error, service.settings.prefix())
        sys.exit(f"{service.package} cannot start: {reason}.")
    except (BrokenModule, Unavailable) as error:
        sys.exit(f"{service.package} cannot start: {error}")


async def _check(service: Service[S], url: str) -> None:
    async with service.open_database(url) as database:
        await database.check(writable=True)

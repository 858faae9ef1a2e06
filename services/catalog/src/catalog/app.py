"""Builds the application; importing this connects to nothing."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute

from . import health
from .body_limit import BodyLimit
from .contention import Repeat
from .database import Database
from .modules import load_modules, load_settings
from .problems import install_problems, responses
from .request_log import RequestLog
from .settings import ModuleSettings, Settings

log = structlog.get_logger()

DESCRIPTION = "The catalog of products."


def _operation_id(route: APIRoute) -> str:
    return route.name  # the endpoint's function: a client's method is called the same


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    async with Database(
        settings.database_url,
        connections=settings.database_connections,
        patience=settings.database_patience,
    ) as database:
        await database.check(writable=True)
        log.info("database.opened", name=database.name, version=database.version)
        yield database


def create_app(
    settings: Settings,
    database: Database | None = None,
    own: Mapping[type[ModuleSettings], ModuleSettings] | None = None,
) -> FastAPI:
    """The service as an ASGI application.

    It works on `database` if one is handed in, and leaves closing it to the caller. Otherwise it
    opens the one that `settings` names, and its start fails with `errors.Unavailable` when that
    cannot be read and written or its migrations are not at head.

    Of the modules, it serves those that `settings` choose. `own` are the settings that modules
    bring; without them, the environment alone decides. What routers do in a `lifespan` of their own
    finds the database open; what is opened later and must be closed goes to `app.state.until_stop`,
    an `AsyncExitStack`. Raises `modules.BrokenModule`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.database = database or await stack.enter_async_context(_opened(settings))
            app.state.until_stop = stack
            yield

    app = FastAPI(
        title="catalog",
        description=DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
    )
    app.state.settings = load_settings() if own is None else {**own}
    install_problems(app)
    app.add_middleware(Repeat)
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes)
    app.add_middleware(RequestLog)
    app.include_router(health.router, responses=responses(500))
    for router in load_modules(settings.modules):
        app.include_router(router, prefix="/api/v1", responses=responses(500, 503))
    return app

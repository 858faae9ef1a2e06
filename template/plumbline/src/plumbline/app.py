"""Builds the application of a service from its parts; the service's `app.py` calls it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute

from .database.database import Database
from .database.migrations import Migrations
from .http import health
from .http.access.verifier import Verifier
from .http.body_limit import BodyLimitMiddleware
from .http.error_format import PROBLEM_DETAILS, ErrorFormat, responses
from .http.problems import install_problems
from .http.request_log import RequestLogMiddleware
from .http.retry import RetryMiddleware
from .modules import Modules
from .settings import ModuleSettings, Settings

log = structlog.get_logger()


def create_app(  # noqa: PLR0913 - the whole of a service is described here
    package: str,
    settings: Settings,
    database: Database | None = None,
    module_settings: Mapping[type[ModuleSettings], ModuleSettings] | None = None,
    *,
    title: str,
    description: str,
    prefix: str = "/api/v1",
    error_format: ErrorFormat = PROBLEM_DETAILS,
    auth_scheme: str = "Bearer",
    verifier: Verifier | None = None,
) -> FastAPI:
    """Build the service `package` as an ASGI application; connect to nothing.

    It works on `database` if one is given, and leaves closing it to the caller. Otherwise it opens
    the one that `settings` names, and its start fails with `Unavailable` when that cannot be read
    and written or its migrations are not at head.

    It serves the modules that `settings` enable, below `prefix`. `module_settings` are the settings
    of the modules; without them, the environment alone decides. Errors are rendered by
    `error_format`. API keys come as `Authorization: <auth_scheme> <key>`, which a 401 asks for.
    `verifier` finds the caller of a request; without one, the identity service is asked.

    What the routers do in a `lifespan` of their own finds the database open; what is opened later
    and must be closed goes to `app.state.exit_stack`, an `AsyncExitStack`. Middleware that the
    caller adds runs outside the platform's. Raises `BrokenModule`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            opening = _opened(package, settings)
            app.state.database = database or await stack.enter_async_context(opening)
            app.state.exit_stack = stack
            yield

    modules = Modules(package)
    routers = modules.routers(settings.modules)  # first: this imports the errors of all of them
    app = FastAPI(
        title=title,
        description=description,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
    )
    app.state.settings = settings
    app.state.module_settings = (
        modules.load_settings() if module_settings is None else {**module_settings}
    )
    app.state.verifier = verifier
    app.state.auth_scheme = auth_scheme
    install_problems(app, error_format, modules.statuses(), auth_scheme, package)
    # The one that is added last runs first.
    app.add_middleware(RetryMiddleware)
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes)
    app.add_middleware(RequestLogMiddleware)
    app.include_router(health.router, responses=responses(500))
    for router in routers:
        app.include_router(router, prefix=prefix, responses=responses(500, 503))
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name  # the endpoint's function: a client's method is called the same


@asynccontextmanager
async def _opened(package: str, settings: Settings) -> AsyncIterator[Database]:
    async with Database(
        settings.database_url,
        Migrations(package),
        connections=settings.database_connections,
        pool_timeout=settings.database_pool_timeout,
        options=settings.connection_options,
    ) as database:
        await database.check(writable=True)
        log.info("database.opened", name=database.name, version=database.version)
        yield database

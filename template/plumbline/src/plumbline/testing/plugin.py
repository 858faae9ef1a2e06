"""The fixtures of every test, wherever it stands.

* `database`: production's object on a freshly migrated database, for `read()` and `write()`
* `database_url`: the URL of another new database
* `session`: one open write transaction, rolled back at the end
* `client`: HTTP to the whole application, without a network
* `app`: the application behind `client`
* `with_modules`: the same to an application with the named modules alone
* `server`: HTTP to the whole application, through a real server
* `seconds`: how long a load test goes on: see `duration.py`
* `faker`: made-up data; the seed that each run prints repeats it, as `--randomly-seed`

A service overrides in its `conftest.py`, or in a test file:

* `plumbline_service`: which service it is; the only one that must be there
* `credentials`: the headers of every request of the gate `contract`
* `samples`: values for columns that the migration tests cannot make up
* `memory_limit`: how much memory a service under load may take
* `allowed_blocking_calls`: calls that may block the event loop
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import plumbline
import pytest
import structlog
from blockbuster import blockbuster_ctx
from fastapi import FastAPI
from plumbline import testing
from polyfactory.factories.pydantic_factory import ModelFactory
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.database import Database
from ..logging import CONSOLE
from ..service import Service
from . import postgres_sandbox, sqlite_sandbox
from .client import WithModules, client_of
from .gates import MARKERS, mark_by_place
from .sandbox import EmptyDatabase, Samples, Sandbox
from .serving import serve

AnyService = Service[Any]  # Any: the service's own settings

SERVER = os.environ.get("TEST_DATABASE_URL")  # a PostgreSQL server to test on, instead of SQLite
SANDBOX = pytest.StashKey[Sandbox]()

WARNINGS = (
    "error",
    # A forgotten session fails its own test; these two would strike whichever runs next.
    "ignore:The garbage collector is trying to clean up:sqlalchemy.exc.SAWarning",
    "ignore:.*was deleted before being closed:ResourceWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks; turn warnings into errors, but those that the service accepts."""
    for gate, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{gate}: {meaning}")
    config.getini("filterwarnings")[:0] = WARNINGS  # of two that match, pytest takes the later one
    structlog.configure([structlog.contextvars.merge_contextvars, CONSOLE])


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the tests of the other database: `test_sqlite*.py`, `test_postgres*.py`."""
    other = "test_sqlite" if SERVER else "test_postgres"
    return True if collection_path.name.startswith(other) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the gate that runs it."""
    mark_by_place(items)


def forget_environment(service: AnyService) -> None:
    """Remove a developer's own settings from the environment: they are no part of the tests."""
    prefix = service.settings.prefix()
    for name in [name for name in os.environ if name.startswith(prefix)]:
        del os.environ[name]


@pytest.fixture(scope="session")
def plumbline_service() -> AnyService:
    """The service that the tests are about; its `conftest.py` overrides this."""
    pytest.fail(
        "conftest.py must define the session fixture plumbline_service, which returns the SERVICE"
        " of the service's main.py.",
        pytrace=False,
    )


@pytest.fixture(scope="session")
def allowed_blocking_calls() -> Mapping[str, set[str]]:
    """Functions that may block the event loop, by the end of their file's path."""
    return {}


@pytest.fixture(scope="session", autouse=True)
def _nothing_blocks_the_loop(
    plumbline_service: AnyService, allowed_blocking_calls: Mapping[str, set[str]]
) -> Iterator[None]:
    """Raise `BlockingError` where async code calls something that waits."""
    forget_environment(plumbline_service)
    import_module("plumbline.app")  # is imported on first use, which reads files: not in the loop
    watched = [plumbline, import_module(plumbline_service.package)]
    with blockbuster_ctx(watched, excluded_modules=[testing]) as detector:
        for function in detector.functions.values():
            function.can_block_in("linecache.py", {"checkcache", "updatecache"})  # tracebacks
            function.can_block_in("plumbline/modules.py", {"names", "_import"})  # at start
            function.can_block_in("http/problems.py", {"openapi"})  # once: finds its libraries
            function.can_block_in("plumbline/migrate.py", {"_connect_and_migrate"})  # own loop
            function.can_block_in("plumbline/migrate.py", {"_migrate"})  # the same
            function.can_block_in("database/sqlite.py", {"migration_engine"})  # an absolute path
            function.can_block_in("database/sqlite_driver.py", {"_has_done_at_once", "_end"})
            function.can_block_in("asyncpg/connect_utils.py", {"_parse_connect_arguments"})
            for path, names in allowed_blocking_calls.items():
                function.can_block_in(path, names)
        yield


@pytest.fixture(autouse=True)
def _seed_factories() -> None:
    """Let pytest-randomly's seed, which each run prints, decide what factories make up."""
    ModelFactory.seed_random(random.getrandbits(32))


@pytest.fixture(autouse=True)
async def _nothing_is_left_behind(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Give a test contents as of a new database; fail it if it leaves a task, session or lock.

    Both here, as each asynchronous fixture costs a test a tenth of a millisecond.
    """
    sandbox = request.config.stash.get(SANDBOX, None) if "sandbox" in request.fixturenames else None
    if sandbox:
        await sandbox.rewind()
    before = asyncio.all_tasks()
    yield
    tasks = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    stubborn = (await asyncio.wait(tasks, timeout=1))[1] if tasks else ()
    for task in stubborn:
        asyncio._unregister_task(task)  # noqa: SLF001 - documented; else the run's end waits for it
    leftovers = [f"task {task.get_name()} ({task.get_coro()})" for task in tasks]
    if "sandbox" in request.fixturenames:
        sandbox = request.config.stash[SANDBOX]
        leftovers += await sandbox.leftovers()
        if leftovers:
            await sandbox.replace()
    if leftovers:
        pytest.fail(f"left behind: {', '.join(leftovers)}", pytrace=False)


@pytest.fixture(scope="session")
async def sandbox(
    pytestconfig: pytest.Config, plumbline_service: AnyService
) -> AsyncIterator[Sandbox]:
    """What is below `database`: for tests of the database itself."""
    if SERVER:
        sandbox: Sandbox = await postgres_sandbox.PostgresSandbox.open(plumbline_service, SERVER)
    else:
        sandbox = await asyncio.to_thread(sqlite_sandbox.SqliteSandbox, plumbline_service)
    pytestconfig.stash[SANDBOX] = sandbox
    yield sandbox
    await sandbox.close()


@pytest.fixture
def database(sandbox: Sandbox) -> Database:
    """Production's database object, its contents those of a new database."""
    return sandbox.database


@pytest.fixture
async def database_url(sandbox: Sandbox) -> AsyncIterator[str]:
    """The URL of a new database: for tests that start processes or open it themselves."""
    async with sandbox.another() as url:
        yield url


@pytest.fixture
def empty_database(plumbline_service: AnyService) -> EmptyDatabase:
    """Makes databases without tables, for tests of migrations; gives their URLs."""
    if SERVER:
        return partial(postgres_sandbox.empty_database, plumbline_service, SERVER)
    return partial(sqlite_sandbox.empty_database, plumbline_service)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """One open write transaction; not together with `client`, which would wait for it."""
    async with database.write() as session:
        yield session
        await session.rollback()


@cache  # building one takes longer than most tests
def application_on(
    service: AnyService, database: Database, modules: tuple[str, ...] | None = None
) -> FastAPI:
    """Build the application with default settings, and with these modules or all."""
    settings = service.settings(_env_file=None, database_url=database.url, modules=modules)
    return service.create_app(settings, database)


@pytest.fixture
async def app(plumbline_service: AnyService, database: Database) -> AsyncIterator[FastAPI]:
    """The application, started; a test may add routes and override dependencies."""
    app = application_on(plumbline_service, database)
    routes = list(app.router.routes)
    async with app.router.lifespan_context(app):
        yield app
    app.router.routes[:] = routes
    app.dependency_overrides.clear()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Sends requests to the application; every response must be in its OpenAPI document."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def credentials() -> dict[str, str]:
    """The headers that authenticate the requests of `contract`; a service overrides it."""
    return {}


@pytest.fixture
def samples() -> Samples:
    """Values for the migration tests, where a constraint refuses those that they make up."""
    return {}


@pytest.fixture
def memory_limit() -> int:
    """How many bytes the memory of a service under load may grow by after its warm-up.

    The allocator still takes 1 to 3 MiB. In five minutes, a hundred thousand requests that each
    leave 100 bytes behind are more than this.
    """
    return 8 * 1024**2


@pytest.fixture
def with_modules(plumbline_service: AnyService, database: Database) -> WithModules:
    """Starts an application with the named modules alone, and gives a client for it."""

    @asynccontextmanager
    async def start(*names: str) -> AsyncIterator[httpx2.AsyncClient]:
        app = application_on(plumbline_service, database, names)
        async with app.router.lifespan_context(app), client_of(app) as client:
            yield client

    return start


@pytest.fixture
async def server(
    plumbline_service: AnyService, database: Database
) -> AsyncIterator[httpx2.AsyncClient]:
    """Sends requests over TCP to a real server."""
    async with (
        serve(application_on(plumbline_service, database)) as address,
        httpx2.AsyncClient(base_url=address, verify=False) as client,
    ):
        yield client

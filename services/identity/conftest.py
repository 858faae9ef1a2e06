"""The fixtures of every test, wherever it stands.

* `database`: production's object on a freshly migrated database, for `read()` and `write()`
* `fresh`: the URL of another new database
* `session`: one open write transaction, rolled back at the end
* `client`: HTTP to the whole application, without a network
* `credentials`: the headers of every request of the gate `contract`; none, where no service says so
* `with_modules`: the same to an application with the named modules alone
* `server`: HTTP to the whole application, through a real server
* `seconds`: how long a test of endurance goes on: `--seconds`, or briefly
* what a module has in its `fixtures.py`, for the tests of all
* `faker`: made-up data; the seed that each run prints repeats it, as `--randomly-seed`
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib.util import find_spec

import httpx2
import pytest
import structlog
from blockbuster import blockbuster_ctx
from fastapi import FastAPI
from polyfactory.factories.pydantic_factory import ModelFactory
from sqlalchemy.ext.asyncio import AsyncSession

import identity
from identity import modules, testing
from identity.app import create_app
from identity.database import Database
from identity.logs import CONSOLE
from identity.settings import Settings
from identity.testing import postgres_sandbox, sqlite_sandbox
from identity.testing.clients import WithModules, client_of
from identity.testing.duration import duration
from identity.testing.places import mark_by_place
from identity.testing.sandbox import EmptyDatabase, Sandbox
from identity.testing.serving import serve

PREFIX = "IDENTITY_"
for _name in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[_name]  # a developer's own settings are no part of the tests

_fixtures = [f"{modules.__name__}.{name}.fixtures" for name in modules.module_names()]
pytest_plugins = [name for name in _fixtures if find_spec(name)]

SERVER = os.environ.get("TEST_DATABASE_URL")  # a PostgreSQL server to test on, instead of SQLite
collect_ignore_glob = [f"*/test_{'sqlite' if SERVER else 'postgres'}*.py"]

SANDBOX = pytest.StashKey[Sandbox]()

structlog.configure([structlog.contextvars.merge_contextvars, CONSOLE])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with the gate that runs it."""
    mark_by_place(items, config.rootpath)


@pytest.fixture(scope="session", autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    """Raise `BlockingError` where the service's async code calls something that waits."""
    blocking = blockbuster_ctx(identity, excluded_modules=[testing])
    with blocking as detector:
        for function in detector.functions.values():
            function.can_block_in("linecache.py", {"checkcache", "updatecache"})  # tracebacks
            function.can_block_in("modules/__init__.py", {"module_names", "_import"})  # at start
            function.can_block_in("problems.py", {"openapi"})  # once: pydantic finds its libraries
            function.can_block_in("migrations/env.py", {"run", "migrate"})  # in a loop of its own
            function.can_block_in("sqlite.py", {"migration_engine"})  # makes a path absolute
            function.can_block_in("sqlite_driver.py", {"_has_done_at_once", "_end"})  # briefly
            function.can_block_in("asyncpg/connect_utils.py", {"_parse_connect_arguments"})
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
async def sandbox(pytestconfig: pytest.Config) -> AsyncIterator[Sandbox]:
    """What is below `database`: for tests of the database itself."""
    if SERVER:
        sandbox: Sandbox = await postgres_sandbox.PostgresSandbox.open(SERVER)
    else:
        sandbox = await asyncio.to_thread(sqlite_sandbox.SqliteSandbox)
    pytestconfig.stash[SANDBOX] = sandbox
    yield sandbox
    await sandbox.close()


@pytest.fixture
def database(sandbox: Sandbox) -> Database:
    """Production's database object, its contents those of a new database."""
    return sandbox.database


@pytest.fixture
async def fresh(sandbox: Sandbox) -> AsyncIterator[str]:
    """The URL of a new database: for tests that start processes or open it themselves."""
    async with sandbox.another() as url:
        yield url


@pytest.fixture
def empty_database() -> EmptyDatabase:
    """Makes databases without tables, for tests of migrations; gives their URLs."""
    return (
        partial(postgres_sandbox.empty_database, SERVER)
        if SERVER
        else sqlite_sandbox.empty_database
    )


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """One open write transaction; not together with `client`, which would wait for it."""
    async with database.write() as session:
        yield session
        await session.rollback()


@cache  # building one takes longer than most tests
def application_on(database: Database, modules: tuple[str, ...] | None = None) -> FastAPI:
    """The application with default settings, and with these modules or all."""
    settings = Settings(_env_file=None, database_url=database.url, modules=modules)
    return create_app(settings, database)


@pytest.fixture
async def app(database: Database) -> AsyncIterator[FastAPI]:
    """The application, started; a test may add routes and override dependencies."""
    app = application_on(database)
    routes = list(app.router.routes)
    async with app.router.lifespan_context(app):
        yield app
    app.router.routes[:] = routes
    app.dependency_overrides.clear()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Sends requests to the application; every answer must be in its OpenAPI document."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def credentials() -> dict[str, str]:
    """The headers that let a request in; a service that asks for some overrides it.

    In `tests/contract/conftest.py`, with the `client` to register with: README.md shows how.
    """
    return {}


@pytest.fixture
def with_modules(database: Database) -> WithModules:
    """Starts an application with the named modules alone, and gives a client for it."""

    @asynccontextmanager
    async def start(*names: str) -> AsyncIterator[httpx2.AsyncClient]:
        app = application_on(database, names)
        async with app.router.lifespan_context(app), client_of(app) as client:
            yield client

    return start


@pytest.fixture
async def server(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """Sends requests over TCP to a real server."""
    async with (
        serve(application_on(database)) as address,
        httpx2.AsyncClient(base_url=address, verify=False) as client,
    ):
        yield client


@pytest.fixture
def seconds(pytestconfig: pytest.Config) -> float:
    """How long a test of endurance goes on."""
    return duration(pytestconfig)

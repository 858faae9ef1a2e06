"""Each module can be started alone or left out; a broken one stops the start, with its name."""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import httpx2
import pytest
from alembic import command
from alembic.util import CommandError
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from {{ package }} import main, modules
from {{ package }}.app import create_app
from {{ package }}.database import Database
from {{ package }}.modules import BrokenModule, module_names, prefix_of
from {{ package }}.orm import Base
from {{ package }}.revisions import migration_config
from {{ package }}.settings import PREFIX, Settings
from {{ package }}.testing.clients import WithModules

Plant = Callable[..., None]

STARTING = """
    from contextlib import asynccontextmanager

    from fastapi import APIRouter, WebSocket

    from ...dependencies import CurrentDatabase


    @asynccontextmanager
    async def lifespan(app):
        await app.state.database.check()
        app.state.told.append(f"{__package__[-1]} starts")
        try:
            yield
        finally:
            app.state.told.append(f"{__package__[-1]} stops")


    router = APIRouter(prefix="/planted", lifespan=lifespan)


    @router.websocket("/echo")
    async def echo(socket: WebSocket, database: CurrentDatabase):
        await socket.accept()
        await socket.send_text(await socket.receive_text())
"""
SETTINGS = """
    from ...settings import ModuleSettings


    class Settings(ModuleSettings):
        pages: int = 3
"""
ASKING = """
    from typing import Annotated

    from fastapi import APIRouter, Depends

    from ...dependencies import settings_of
    from .settings import Settings

    router = APIRouter()


    @router.get("/planted/pages")
    async def pages(settings: Annotated[Settings, Depends(settings_of(Settings))]) -> int:
        \"\"\"How many.\"\"\"
        return settings.pages
"""
FAILING = STARTING.replace("await app.state.database.check()", 'raise OSError("no broker")')


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """Writes a module that is there for one test; its files are given as `router="…"`."""
    monkeypatch.setattr(modules, "__path__", [*modules.__path__, str(tmp_path)])

    def write(name: str, **files: str) -> None:
        (tmp_path / name).mkdir()
        for part, source in files.items():
            (tmp_path / name / f"{part}.py").write_text(dedent(source))

    yield write
    for name in [each for each in sys.modules if each.startswith(f"{modules.__name__}.planted")]:
        del sys.modules[name]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who has started and stopped; the database tells only that it closes."""
    told: list[str] = []
    close = Database.close

    async def closing(database: Database) -> None:
        told.append("database closes")
        await close(database)

    monkeypatch.setattr(Database, "close", closing)
    return told


async def operations(client: httpx2.AsyncClient) -> set[tuple[str, str]]:
    """Each path with each of its methods, without those that are no module's."""
    paths = (await client.get("/openapi.json")).json()["paths"].items()
    found = {(path, method) for path, methods in paths for method in methods}
    return {(path, method) for path, method in found if not path.startswith("/health/")}


async def statuses(client: httpx2.AsyncClient, found: set[tuple[str, str]]) -> set[int]:
    """What these paths answer to a method that no endpoint has: 405, or 404 where there is none."""
    return {(await client.request("PLANTED", path)).status_code for path, _ in found}


@pytest.mark.parametrize("name", module_names())
async def test_a_module_alone_serves_its_own_and_nothing_else(
    with_modules: WithModules,
    name: str,
) -> None:
    async with with_modules(*module_names()) as client:
        everything = await operations(client)
    async with with_modules(name) as client:
        its_own = await operations(client)

        assert its_own <= everything
        assert await statuses(client, everything - its_own) <= {404}
        text = (await client.get("/openapi.json")).text
        schemas = json.loads(text)["components"]["schemas"]
        assert [each for each in schemas if f'/schemas/{each}"' not in text] == []


async def test_together_they_serve_what_each_serves_alone(with_modules: WithModules) -> None:
    alone: list[tuple[str, str]] = []
    for name in module_names():
        async with with_modules(name) as client:
            alone += await operations(client)

    async with with_modules(*module_names()) as client:
        assert sorted(alone) == sorted(await operations(client))


async def test_without_modules_there_is_only_health(with_modules: WithModules) -> None:
    async with with_modules(*module_names()) as client:
        everything = {each for each in await operations(client) if "{" not in each[0]}
        assert await statuses(client, everything) <= {405}

    async with with_modules() as client:
        assert await operations(client) == set()
        assert await statuses(client, everything) <= {404}
        assert (await client.get("/health/ready")).status_code == 200


def test_the_tables_of_all_modules_are_there_whichever_is_started(
    plant: Plant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant("planted", __init__="")
    url = f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}"
    monkeypatch.setenv("{{ package | upper }}_MODULES", "planted")

    command.upgrade(migration_config(url), "head")

    with closing(sqlite3.connect(tmp_path / "migrated.db")) as connection:
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert {*Base.metadata.tables} <= there


def test_a_module_that_is_not_there_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("{{ package | upper }}_MODULES", "nobody")

    sentence = f"_MODULES: there is no module 'nobody'; there are: {', '.join(module_names())}"
    with pytest.raises(SystemExit, match=sentence):
        main.main()
    with pytest.raises(CommandError, match=sentence):
        command.upgrade(migration_config(""), "head")  # to the database of the settings


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"__init__": "", "models": "1 / 0"}, "is broken: ZeroDivisionError"),
        ({"__init__": "", "router": "import nobody"}, "is broken: .* named 'nobody'"),
        ({"__init__": "", "router": "router = None"}, "needs `router = APIRouter"),
        ({"__init__": "nobody"}, "is broken: NameError"),
        ({"router": ""}, "has no __init__.py"),
        ({"__init__": "", "settings": "1 / 0"}, "is broken: ZeroDivisionError"),
        ({"__init__": "", "settings": "Settings = int"}, "needs `class Settings"),
    ],
)
def test_a_broken_module_stops_the_start_with_its_name(
    plant: Plant,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    reason: str,
) -> None:
    plant("planted", **files)
    monkeypatch.setattr(main, "configure_logs", lambda *_, **__: None)  # it is for a whole process

    for start in (main.main, main.production):
        with pytest.raises(SystemExit, match=f"cannot start: The module 'planted' {reason}"):
            start()
    with pytest.raises(BrokenModule, match=reason):
        create_app(Settings(_env_file=None))


@pytest.mark.parametrize(("environment", "pages"), [({}, 3), ({"PAGES": "4"}, 4)])
async def test_a_module_may_bring_settings_of_its_own(
    plant: Plant,
    monkeypatch: pytest.MonkeyPatch,
    with_modules: WithModules,
    environment: dict[str, str],
    pages: int,
) -> None:
    plant(f"planted_{pages}", __init__="", settings=SETTINGS, router=ASKING)
    for name, value in environment.items():
        monkeypatch.setenv(prefix_of(f"planted_{pages}") + name, value)

    async with with_modules(f"planted_{pages}") as client:
        assert (await client.get("/api/v1/planted/pages")).json() == pages


def test_an_unusable_setting_of_a_module_stops_the_start_with_its_name(
    plant: Plant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant("planted", __init__="", settings=SETTINGS)
    monkeypatch.setattr(main, "configure_logs", lambda *_, **__: None)  # it is for a whole process
    (tmp_path / ".env").write_text(f"{PREFIX}PORT=9001\n{prefix_of('planted')}PAGES=many\n")
    monkeypatch.chdir(tmp_path)

    sentence = r"cannot start: \w+_PLANTED_PAGES: Input should be a valid integer"
    for start in (main.main, main.production):
        with pytest.raises(SystemExit, match=sentence):
            start()


def test_a_folder_that_holds_no_code_is_no_module(plant: Plant, tmp_path: Path) -> None:
    before = module_names()
    plant("planted")
    (tmp_path / "planted" / "__pycache__").mkdir()
    (tmp_path / "planted" / "__pycache__" / "router.cpython-311.pyc").touch()

    assert module_names() == before


@pytest.mark.parametrize("named", ["planted_a,planted_b", "planted_b,planted_a"])
async def test_who_starts_last_stops_first_whatever_the_order_of_names(
    plant: Plant,
    told: list[str],
    fresh: str,
    named: str,
) -> None:
    plant("planted_b", __init__="", router=STARTING)
    plant("planted_a", __init__="", router=STARTING)
    plant("planted_c", __init__="", router=FAILING)
    app = create_app(Settings(_env_file=None, database_url=fresh, modules=named))
    app.state.told = told

    async with app.router.lifespan_context(app):
        assert told == ["a starts", "b starts"]

    assert told[2:] == ["b stops", "a stops", "database closes"]


async def test_a_failing_start_closes_what_was_opened(
    plant: Plant,
    told: list[str],
    fresh: str,
) -> None:
    plant("planted_a", __init__="", router=STARTING)
    plant("planted_b", __init__="", router=FAILING)
    app = create_app(Settings(_env_file=None, database_url=fresh))
    app.state.told = told

    with pytest.raises(OSError, match="no broker"):
        async with app.router.lifespan_context(app):
            pass

    assert told == ["a starts", "a stops", "database closes"]


def test_a_module_may_bring_websockets(plant: Plant, fresh: str) -> None:
    plant("planted", __init__="", router=STARTING)
    with_it = create_app(Settings(_env_file=None, modules=("planted",)))
    with_it.state.database = Database(fresh)
    without_it = create_app(Settings(_env_file=None, modules=()))
    url = "/api/v1/planted/echo"

    with TestClient(with_it).websocket_connect(url) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
    with pytest.raises(WebSocketDisconnect), TestClient(without_it).websocket_connect(url):
        pass

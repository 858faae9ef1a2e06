"""Each module can be enabled alone or left out; a broken one stops the start, with its name."""

import dataclasses
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from alembic import command
from alembic.util import CommandError
from fastapi.testclient import TestClient
from plumbline import Conflict, Modules, ServiceError, server
from plumbline.database import Database
from plumbline.modules import BrokenModule
from plumbline.testing.client import WithModules
from sample import PREFIX, modules
from sample.app import create_app
from sample.main import SERVICE
from sample.orm import Base
from sample.settings import Settings
from starlette.websockets import WebSocketDisconnect

Plant = Callable[..., None]

MODULES = Modules("sample")
QUIET = dataclasses.replace(SERVICE, configure_logging=lambda *_, **__: None)
"""The service without what is for a whole process."""

STARTING = """
    from contextlib import asynccontextmanager

    from fastapi import APIRouter, WebSocket
    from plumbline.http import CurrentDatabase


    @asynccontextmanager
    async def lifespan(app):
        await app.state.database.check()
        app.state.exit_stack.callback(app.state.events.append, f"{__package__[-1]} is closed")
        app.state.events.append(f"{__package__[-1]} starts")
        try:
            yield
        finally:
            app.state.events.append(f"{__package__[-1]} stops")


    router = APIRouter(prefix="/planted", lifespan=lifespan)


    @router.websocket("/echo")
    async def echo(socket: WebSocket, database: CurrentDatabase):
        await socket.accept()
        await socket.send_text(await socket.receive_text())
"""
SETTINGS = """
    from plumbline import ModuleSettings


    class Settings(ModuleSettings):
        pages: int = 3
"""
ASKING = """
    from typing import Annotated

    from fastapi import APIRouter, Depends
    from plumbline.http import settings_of

    from .settings import Settings

    router = APIRouter()


    @router.get("/planted/pages")
    async def pages(settings: Annotated[Settings, Depends(settings_of(Settings))]) -> int:
        \"\"\"How many.\"\"\"
        return settings.pages
"""
FAILING = STARTING.replace("await app.state.database.check()", 'raise OSError("no broker")')
PROBLEMS = """
    from plumbline import ServiceError

    class OutOfPaper(ServiceError):
        pass

    STATUSES = {OutOfPaper: 507}
"""
RAISING = """
    from fastapi import APIRouter
    from plumbline.http import responses

    from .problems import OutOfPaper

    router = APIRouter()


    @router.get("/planted/page", responses=responses(507))
    async def page() -> None:
        \"\"\"Print.\"\"\"
        raise OutOfPaper("Add some.")
"""


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """Write a module that is there for one test; its files are given as `router="…"`."""
    monkeypatch.setattr(modules, "__path__", [*modules.__path__, str(tmp_path)])

    def write(name: str, **files: str) -> None:
        (tmp_path / name).mkdir()
        for part, source in files.items():
            (tmp_path / name / f"{part}.py").write_text(dedent(source), encoding="utf-8")

    yield write
    planted = f"{modules.__name__}.planted"
    for name in [each for each in sys.modules if each.startswith(planted)]:
        del sys.modules[name]
    for error in ServiceError.__subclasses__():  # one without a status would stop other tests
        if error.__module__.startswith(planted):
            error.__bases__ = (Conflict,)


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has started and stopped, in this order; the database adds that it closes."""
    events: list[str] = []
    close = Database.close

    async def closing(database: Database) -> None:
        events.append("database closes")
        await close(database)

    monkeypatch.setattr(Database, "close", closing)
    return events


def test_modules_are_discovered_in_their_folder() -> None:
    assert MODULES.names() == ["access", "notes"]
    assert MODULES.fixtures() == ["sample.modules.access.fixtures"]
    assert MODULES.prefix("notes") == "SAMPLE_NOTES_"


def test_tables_of_all_modules_are_migrated_whichever_is_enabled(
    plant: Plant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant("planted", __init__="")
    url = f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}"
    monkeypatch.setenv("SAMPLE_MODULES", "planted")

    command.upgrade(SERVICE.migrations.config(url), "head")

    with closing(sqlite3.connect(tmp_path / "migrated.db")) as connection:
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert {*Base.metadata.tables} <= there


def test_unknown_module_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_MODULES", "notes,missing")

    sentence = "SAMPLE_MODULES: there is no module 'missing'; there are: access, notes"
    for start in (server.main, server.production):
        with pytest.raises(SystemExit, match=f"sample cannot start: {sentence}"):
            start(QUIET)
    with pytest.raises(BrokenModule, match=sentence):
        create_app(Settings(_env_file=None))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"__init__": "", "models": "1 / 0"}, "is broken: ZeroDivisionError"),
        ({"__init__": "", "router": "import missing"}, "is broken: .* named 'missing'"),
        ({"__init__": "", "router": "router = None"}, "needs `router = APIRouter"),
        ({"__init__": "missing"}, "is broken: NameError"),
        ({"router": ""}, "has no __init__.py"),
        ({"__init__": "", "settings": "1 / 0"}, "is broken: ZeroDivisionError"),
        ({"__init__": "", "settings": "Settings = int"}, "needs `class Settings"),
        ({"__init__": "", "problems": "1 / 0"}, "is broken: ZeroDivisionError"),
    ],
)
def test_broken_module_stops_the_start_with_its_name(
    plant: Plant,
    files: dict[str, str],
    reason: str,
) -> None:
    plant("planted", **files)

    for start in (server.main, server.production):
        with pytest.raises(SystemExit, match=f"cannot start: The module 'planted' {reason}"):
            start(QUIET)
    with pytest.raises(BrokenModule, match=reason):
        create_app(Settings(_env_file=None))


def test_migrations_name_the_module_whose_models_are_broken(plant: Plant) -> None:
    plant("planted", __init__="", models="1 / 0")

    with pytest.raises(CommandError, match="The module 'planted' is broken: ZeroDivisionError"):
        command.upgrade(SERVICE.migrations.config("sqlite+aiosqlite:///unused.db"), "head")


@pytest.mark.parametrize(("environment", "pages"), [({}, 3), ({"PAGES": "4"}, 4)])
async def test_module_has_settings_of_its_own(
    plant: Plant,
    monkeypatch: pytest.MonkeyPatch,
    with_modules: WithModules,
    environment: dict[str, str],
    pages: int,
) -> None:
    plant(f"planted_{pages}", __init__="", settings=SETTINGS, router=ASKING)
    for name, value in environment.items():
        monkeypatch.setenv(MODULES.prefix(f"planted_{pages}") + name, value)

    async with with_modules(f"planted_{pages}") as client:
        assert (await client.get(f"{PREFIX}/planted/pages")).json() == pages


def test_unusable_setting_of_a_module_stops_the_start_with_its_name(
    plant: Plant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant("planted", __init__="", settings=SETTINGS)
    (tmp_path / ".env").write_text(
        "SAMPLE_PORT=9001\nSAMPLE_PLANTED_PAGES=many\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)

    sentence = r"cannot start: \w+_PLANTED_PAGES: Input should be a valid integer"
    for start in (server.main, server.production):
        with pytest.raises(SystemExit, match=sentence):
            start(QUIET)


def test_folder_without_code_is_no_module(plant: Plant, tmp_path: Path) -> None:
    before = MODULES.names()
    plant("planted")
    (tmp_path / "planted" / "__pycache__").mkdir()
    (tmp_path / "planted" / "__pycache__" / "router.cpython-311.pyc").touch()

    assert MODULES.names() == before


@pytest.mark.parametrize("named", ["planted_a,planted_b", "planted_b, planted_a,planted_b"])
async def test_modules_stop_in_reverse_order_whatever_the_order_of_their_names(
    plant: Plant,
    events: list[str],
    database_url: str,
    named: str,
) -> None:
    plant("planted_b", __init__="", router=STARTING)
    plant("planted_a", __init__="", router=STARTING)
    plant("planted_c", __init__="", router=FAILING)
    app = create_app(Settings(_env_file=None, database_url=database_url, modules=named))
    app.state.events = events

    async with app.router.lifespan_context(app):
        assert events == ["a starts", "b starts"]

    assert events[2:] == ["b stops", "a stops", "b is closed", "a is closed", "database closes"]


async def test_failing_start_closes_what_was_opened(
    plant: Plant,
    events: list[str],
    database_url: str,
) -> None:
    plant("planted_a", __init__="", router=STARTING)
    plant("planted_b", __init__="", router=FAILING)
    app = create_app(Settings(_env_file=None, database_url=database_url))
    app.state.events = events

    with pytest.raises(OSError, match="no broker"):
        async with app.router.lifespan_context(app):
            pass

    assert events == ["a starts", "a stops", "a is closed", "database closes"]


def test_module_may_have_websockets(plant: Plant, database_url: str) -> None:
    plant("planted", __init__="", router=STARTING)
    enabled = create_app(Settings(_env_file=None, modules=("planted",)))
    enabled.state.database = Database(database_url)
    disabled = create_app(Settings(_env_file=None, modules=()))
    url = f"{PREFIX}/planted/echo"

    with TestClient(enabled).websocket_connect(url) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
    with pytest.raises(WebSocketDisconnect), TestClient(disabled).websocket_connect(url):
        pass


async def test_module_gives_its_own_errors_a_status(
    plant: Plant, with_modules: WithModules
) -> None:
    plant("planted_paper", __init__="", problems=PROBLEMS, router=RAISING)

    async with with_modules("planted_paper") as client:
        refused = await client.get(f"{PREFIX}/planted/page")

    assert refused.status_code == 507
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["title"] == "Insufficient Storage"
    assert refused.json()["detail"] == "Add some."


def test_statuses_count_for_a_disabled_module_too(plant: Plant) -> None:
    plant("planted", __init__="", problems=PROBLEMS)

    app = create_app(Settings(_env_file=None, modules=("notes",)))

    assert app.title == "sample"


@pytest.mark.parametrize("problems", ["", "STATUSES = [507]"])
def test_problems_of_a_module_without_a_table_stop_the_start(plant: Plant, problems: str) -> None:
    plant("planted", __init__="", problems=problems)

    with pytest.raises(BrokenModule, match=r"problems.py needs `STATUSES = "):
        create_app(Settings(_env_file=None))


@pytest.mark.parametrize("part", ["errors", "problems"])
def test_error_without_a_status_stops_the_start_with_its_name(plant: Plant, part: str) -> None:
    without = PROBLEMS.replace("OutOfPaper: 507", "")
    router = "from .problems import OutOfPaper\nfrom fastapi import APIRouter\nrouter = APIRouter()"
    files = {"problems": without} if part == "problems" else {"errors": without}
    plant("planted", __init__="", router=router.replace(".problems", f".{part}"), **files)

    with pytest.raises(BrokenModule, match="The error OutOfPaper has no status: derive it"):
        create_app(Settings(_env_file=None))

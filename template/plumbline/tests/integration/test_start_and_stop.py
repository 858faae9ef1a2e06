"""How the service starts, and how it stops."""

import asyncio
import dataclasses
import os
import re
import signal
import sqlite3
import sys
from pathlib import Path

import httpx2
import pytest
import uvicorn
from plumbline import Service, Unavailable, server
from plumbline.database import Database
from plumbline.testing.serving import serve
from sample.app import create_app
from sample.main import SERVICE
from sample.settings import Settings
from structlog.testing import capture_logs


@pytest.fixture
def logging_configured() -> list[tuple[str, bool]]:
    """With what the log was configured."""
    return []


@pytest.fixture
def service(logging_configured: list[tuple[str, bool]]) -> Service[Settings]:
    """The sample, whose log stays that of the tests."""

    def note(level: str, *, as_json: bool) -> None:
        logging_configured.append((level, as_json))

    return dataclasses.replace(SERVICE, configure_logging=note)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What `main` would serve, instead of serving it."""
    calls: list[dict[str, object]] = []
    monkeypatch.setattr(uvicorn, "run", lambda target, **how: calls.append({"app": target, **how}))
    return calls


def test_main_serves_what_the_settings_say(
    service: Service[Settings],
    served: list[dict[str, object]],
    logging_configured: list[tuple[str, bool]],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    monkeypatch.setenv("SAMPLE_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMPLE_PORT", "8123")
    monkeypatch.setenv("SAMPLE_LOG_LEVEL", "error")

    server.main(service)

    assert served[0]["app"] == "sample.main:production"
    assert served[0]["port"] == 8123
    assert logging_configured == [("error", True)]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "sqlite+aiosqlite:///missing/x.db", "create its folder"),
        ("DATABASE_URL", "sqlite+aiosqlite://", "a database in a file"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL: expected sqlite"),
        ("PORT", "http", "PORT: Input should be a valid integer"),
    ],
)
def test_unusable_setting_stops_the_start(  # noqa: PLR0913, PLR0917 - fixtures
    service: Service[Settings],
    served: list[dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    sentence: str,
) -> None:
    monkeypatch.setenv(f"SAMPLE_{name}", value)

    with pytest.raises(SystemExit, match=f"(?s)sample cannot start: .*{sentence}"):
        server.main(service)

    assert not served


def test_uvicorn_alone_ends_with_the_same_sentence(
    service: Service[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_PORT", "http")

    with pytest.raises(SystemExit, match=r"cannot start: .*_PORT: Input should be"):
        server.production(service)


async def test_application_opens_and_closes_the_database_of_its_settings(
    database_url: str,
) -> None:
    app = create_app(Settings(_env_file=None, database_url=database_url))

    async with app.router.lifespan_context(app):
        await app.state.database.check()

    assert "Connections in pool: 0" in app.state.database.writer.pool.status()


async def test_application_does_not_start_without_its_database(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'missing.db'}"
    app = create_app(Settings(_env_file=None, database_url=url))

    with pytest.raises(Unavailable, match="run `alembic upgrade head`"):
        async with app.router.lifespan_context(app):
            pass


async def test_stopped_server_finishes_the_request_in_flight(database: Database) -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    arrived = asyncio.Event()
    app = create_app(Settings(_env_file=None, database_url=database.url), database)

    @app.get("/slow")
    async def answer_late() -> str:
        arrived.set()
        await asyncio.sleep(0.05)
        return "done"

    async with serve(app) as address, httpx2.AsyncClient(base_url=address, verify=False) as client:
        in_flight = asyncio.create_task(client.get("/slow"))
        await arrived.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        answer = await in_flight
    signal.signal(signal.SIGTERM, before)

    assert answer.json() == "done"
    assert received == [signal.SIGTERM]  # uvicorn passes the signal on when it is done


@pytest.mark.parametrize(
    ("version", "arguments", "parent", "warnings"),
    [
        ((3, 51, 2), [], object(), 1),
        ((3, 51, 3), [], object(), 0),
        ((3, 51, 2), ["--reload"], object(), 0),
        ((3, 51, 2), [], None, 0),
    ],
)
def test_worker_logs_one_warning_if_its_sqlite_is_unsafe_with_several_processes(  # noqa: PLR0913, PLR0917 - fixtures
    service: Service[Settings],
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, int, int],
    arguments: list[str],
    parent: object,
    warnings: int,
) -> None:
    monkeypatch.setattr(server, "parent_process", lambda: parent)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(sys, "argv", ["uvicorn", *arguments])

    with capture_logs() as logged:
        server.production(service)

    reasons = [line["reason"] for line in logged if line["event"] == "database.multiprocess"]
    assert len(reasons) == warnings
    assert all("several processes" in reason for reason in reasons)


async def test_version_of_the_database_is_logged(database_url: str) -> None:
    app = create_app(Settings(_env_file=None, database_url=database_url))

    with capture_logs() as logged:
        async with app.router.lifespan_context(app):
            pass

    [opened] = [line for line in logged if line["event"] == "database.opened"]
    assert re.fullmatch(r"\d+(\.\d+)+", opened["version"])

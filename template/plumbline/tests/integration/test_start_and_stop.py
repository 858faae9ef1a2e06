"""How the service starts, and how it stops."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import uvicorn
from structlog.testing import capture_logs

from {{ package }} import main
from {{ package }}.app import create_app
from {{ package }}.database import Database
from {{ package }}.errors import Unavailable
from {{ package }}.settings import Settings
from {{ package }}.testing.serving import serve


def test_importing_it_reads_no_setting_and_opens_no_database() -> None:
    unusable = {**os.environ, "{{ package | upper }}_DATABASE_URL": "nonsense"}
    program = "import {{ package }}.main"

    subprocess.run([sys.executable, "-c", program], env=unusable, check=True)  # noqa: S603 - ours


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What `main` would serve, instead of serving it."""
    calls: list[dict[str, object]] = []
    monkeypatch.setattr(main, "configure_logs", lambda *_, **__: None)  # it is for a whole process
    monkeypatch.setattr(uvicorn, "run", lambda target, **how: calls.append({"app": target, **how}))
    return calls


def test_it_serves_what_the_settings_say(
    served: list[dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
    fresh: str,
) -> None:
    monkeypatch.setenv("{{ package | upper }}_DATABASE_URL", fresh)
    monkeypatch.setenv("{{ package | upper }}_PORT", "8123")

    main.main()

    assert served[0]["app"] == "{{ package }}.main:production"
    assert served[0]["port"] == 8123


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "sqlite+aiosqlite:///missing/x.db", "create its folder"),
        ("DATABASE_URL", "sqlite+aiosqlite://", "a database in a file"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL: expected sqlite"),
        ("PORT", "http", "PORT: Input should be a valid integer"),
    ],
)
def test_it_does_not_start_on_an_unusable_setting(
    served: list[dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    sentence: str,
) -> None:
    monkeypatch.setenv(f"{{ package | upper }}_{name}", value)

    refusal = f"(?s){{ service }} cannot start: .*{sentence}"
    with pytest.raises(SystemExit, match=refusal):
        main.main()

    assert not served


def test_uvicorn_alone_ends_with_the_same_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("{{ package | upper }}_PORT", "http")

    with pytest.raises(SystemExit, match=r"cannot start: .*_PORT: Input should be"):
        main.production()


async def test_the_application_opens_and_closes_the_database_of_its_settings(fresh: str) -> None:
    app = create_app(Settings(_env_file=None, database_url=fresh))

    async with app.router.lifespan_context(app):
        await app.state.database.check()

    assert "Connections in pool: 0" in app.state.database.writer.pool.status()


async def test_the_application_does_not_start_without_its_database(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'missing.db'}"
    app = create_app(Settings(_env_file=None, database_url=url))

    with pytest.raises(Unavailable, match="run `alembic upgrade head`"):
        async with app.router.lifespan_context(app):
            pass


async def test_a_stopped_server_finishes_the_request_in_flight(database: Database) -> None:
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
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
    assert told == [signal.SIGTERM]  # uvicorn passes the signal on when it is done


@pytest.mark.parametrize(
    ("version", "arguments", "parent", "warnings"),
    [
        ((3, 51, 2), [], object(), 1),
        ((3, 51, 3), [], object(), 0),
        ((3, 51, 2), ["--reload"], object(), 0),
        ((3, 51, 2), [], None, 0),
    ],
)
def test_a_worker_warns_once_of_a_sqlite_that_cannot_bear_several(
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, int, int],
    arguments: list[str],
    parent: object,
    warnings: int,
) -> None:
    monkeypatch.setattr(main, "configure_logs", lambda *_, **__: None)
    monkeypatch.setattr(main, "parent_process", lambda: parent)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(sys, "argv", ["uvicorn", *arguments])

    with capture_logs() as logged:
        main.production()

    told = [line["reason"] for line in logged if line["event"] == "database.weakness"]
    assert len(told) == warnings
    assert all("several processes" in reason for reason in told)


async def test_the_version_of_the_database_is_logged(fresh: str) -> None:
    app = create_app(Settings(_env_file=None, database_url=fresh))

    with capture_logs() as logged:
        async with app.router.lifespan_context(app):
            pass

    [opened] = [line for line in logged if line["event"] == "database.opened"]
    assert re.fullmatch(r"\d+(\.\d+)+", opened["version"])

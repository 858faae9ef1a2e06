"""The main job, for real: a rendered service passes all its gates, starts, answers, and stops."""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from gates.render import ROOT

from .conftest import GATES, Run, call, free_port, import_path


def greens(table: str, service: str) -> set[str]:
    """Return the gates that the table at the end shows as green."""
    return set(re.findall(rf"^{service} +(\w+) +green", table, re.MULTILINE))


def test_a_new_service_passes_all_its_gates(repository: Path, nox: Run) -> None:
    name, answers = "my_svc-2", ["-d", "resource=sheep", "-d", "resources=sheep"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "All"]):
        assert call(repository, "git", *command, env={}).returncode == 0

    made = nox("-s", "new", "--", name, *answers)

    assert made.returncode == 0, made.stdout + made.stderr
    assert greens(made.stdout, name) == GATES
    assert f"services/{name}: the module sheep, each of which is called sheep (" in made.stderr
    assert f"services/{name} is ready. Start it: nox -s serve -- {name}" in made.stderr
    assert (repository / "services" / name / "uv.lock").is_file()
    assert not list((repository / ".nox" / "new").iterdir())
    assert nox("-s", "drift", "--", name).returncode == 0


def test_catalog_is_at_most_1400_lines() -> None:
    names = call(ROOT, "git", "ls-files", "-co", "--exclude-standard", "services/catalog", env={})
    files = [ROOT / name for name in names.stdout.splitlines() if not name.endswith("/uv.lock")]
    lines = {path: len(path.read_bytes().splitlines()) for path in files if path.is_file()}

    assert len(lines) > 20
    assert sum(lines.values()) <= 1400


@contextlib.contextmanager
def started(service: Path, programs: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run the service as a process of its own, which is killed at the end if it still runs."""
    env = {"PYTHONPATH": import_path(service), "ORDERS_PORT": str(port)}
    with subprocess.Popen(
        [programs / "python", "-m", "orders.main"],
        cwd=service,
        env=os.environ | env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(url: str, process: subprocess.Popen[str]) -> httpx2.Response:
    """Return the first answer of a server that is about to start."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx2.get(url)
        except httpx2.TransportError:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)


def test_a_rendered_service_starts_answers_and_stops(
    service: Path,
    inside: Run,
    programs: Path,
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    migrated = inside(service, "alembic", "upgrade", "head")
    assert migrated.returncode == 0, migrated.stderr

    with started(service, programs, port) as process:
        ready = wait_for(f"{address}/health/ready", process)
        created = httpx2.post(f"{address}/api/v1/orders", json={"name": "first"})
        read = httpx2.get(f"{address}{created.headers['location']}")
        docs = httpx2.get(f"{address}/docs")
        described = httpx2.get(f"{address}/openapi.json")
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=30)[0]

    assert ready.json() == {"status": "ok"}
    assert created.status_code == 201
    assert read.json() == created.json()
    assert "swagger" in docs.text
    assert described.json()["info"]["title"] == "orders"
    assert process.returncode in {0, -signal.SIGTERM}
    assert f"{address}/docs" in log
    assert "Traceback" not in log
    assert not list(service.glob("*.db-wal"))


def make_no_database(_: Path) -> None:
    """Leave it as it is when no migration has run."""


def make_a_file_that_is_no_database(path: Path) -> None:
    path.write_text("my diary " * 1000)


def make_a_damaged_database(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


def make_the_database_of_a_newer_release(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'newer'")
        connection.commit()


@pytest.mark.parametrize(
    ("make", "migrated", "sentence"),
    [
        (make_no_database, False, "run `alembic upgrade head`"),
        (make_a_file_that_is_no_database, False, "is no SQLite database"),
        (make_a_damaged_database, True, "is damaged"),
        (make_the_database_of_a_newer_release, True, "at the unknown revision newer"),
    ],
)
def test_an_unusable_database_is_one_sentence_and_status_1(
    service: Path,
    inside: Run,
    make: Callable[[Path], object],
    sentence: str,
    *,
    migrated: bool,
) -> None:
    if migrated:
        assert inside(service, "alembic", "upgrade", "head").returncode == 0
    database = service / "orders.db"
    make(database)
    before = database.read_bytes() if database.exists() else None

    refused = inside(service, "python", "-m", "orders.main")

    assert refused.returncode == 1
    assert re.fullmatch(r"orders cannot start: [^\n]*\n", refused.stderr)
    assert sentence in refused.stderr
    assert refused.stdout == ""
    assert (database.read_bytes() if database.exists() else None) == before


def test_an_unusable_setting_is_named_in_a_sentence_and_ends_with_status_1(
    service: Path,
    inside: Run,
) -> None:
    refused = inside(service, "python", "-m", "orders.main", ORDERS_PORT="http")

    assert refused.returncode == 1
    assert re.fullmatch(r"orders cannot start: ORDERS_PORT: [^\n]*\n", refused.stderr)

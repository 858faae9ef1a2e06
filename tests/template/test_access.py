"""A service that authenticates callers: what is rendered, what is refused, and both for real.

For real: identity and a service that asks it, each as a process of its own. How the platform asks
is tested in the platform.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from gates.render import ROOT, render

from .conftest import PLATFORM, Run, beside_the_platform, call, free_port, import_path
from .test_copier import copier as run_copier
from .test_modules import add_module, break_the_start, contents
from .test_renders import wait_for
from .test_sessions import PATIENCE, messages

IDENTITY = ROOT / "services/identity"
ACCESS = "src/orders/modules/access"
RENDERED = {
    ".copier-answers.access.yml",
    *(f"{ACCESS}/{name}" for name in ("README.md", "__init__.py", "fixtures.py", "settings.py")),
}
ANN = {"email": "ann@example.org", "password": "correct horse battery staple"}
REPORTS = "/api/v1/orders/reports"


@pytest.fixture
def asking(service: Path) -> Path:
    """The service `orders`, which authenticates callers."""
    add_access(service)
    return service


def add_access(service: Path) -> None:
    add_module(service, kind="access")


# What is rendered


def test_access_comes_beside_what_is_there_and_changes_none_of_it(service: Path) -> None:
    before = contents(service)

    add_access(service)

    after = contents(service)
    assert after.keys() - before.keys() == RENDERED
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("kind", ["service", "standalone", "monorepo"])
def test_no_other_kind_has_the_module(tmp_path: Path, kind: str) -> None:
    place = beside_the_platform(tmp_path) if kind == "service" else tmp_path / "orders"
    render(place, {"kind": kind} | ({} if kind == "monorepo" else {"service": "orders"}))

    own = [name for name in contents(place) if not name.startswith(("plumbline/", "tests/gates/"))]
    assert not [name for name in own if re.search(r"\baccess\b", name)]


def test_it_forwards_no_longer_credential_than_identity_accepts() -> None:
    schemas = (IDENTITY / "src/identity/modules/introspection/schemas.py").read_text("utf-8")
    client = ROOT / PLATFORM / "src/plumbline/http/access/identity_client.py"

    [accepted] = re.findall(r"secret: .*max_length=(\d+)", schemas)
    assert re.findall(r"^MAX_LENGTH: Final = (\d+)", client.read_text("utf-8"), re.MULTILINE) == [
        accepted
    ]


# What is refused


def test_a_second_time_gets_one_sentence_and_changes_nothing(asking: Path) -> None:
    before = contents(asking)

    with pytest.raises(ValueError, match=r"orders has a module 'access' already: it authenticates"):
        add_access(asking)

    assert contents(asking) == before


@pytest.mark.parametrize("answers", [{"resource": "access"}, {"resources": "access"}], ids=str)
def test_nothing_else_can_be_called_so(service: Path, answers: dict[str, str]) -> None:
    before = contents(service)

    with pytest.raises(ValueError, match=r"cannot be (called )?'access', a name that"):
        add_module(service, **answers)

    assert contents(service) == before


@pytest.mark.filterwarnings("ignore:File not found:copier.errors.MissingFileWarning")
def test_a_folder_that_is_no_service_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"There is no service in .*/nowhere: give the folder"):
        add_access(tmp_path / "nowhere")

    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere/access", "There is no service 'nowhere'; there are: "),
        ("catalog/access/", "is a path: give the name alone"),
    ],
)
def test_with_nox_too_one_sentence_is_all_that_is_left(
    repository: Path, nox: Run, name: str, sentence: str
) -> None:
    before = contents(repository / "services")

    refused = nox("-s", "new", "--", name)

    assert refused.returncode == 1
    [reason] = messages(refused)
    assert sentence in reason
    assert contents(repository / "services") == before


# With the gates of a service


def test_new_module_access_says_which_settings_it_needs(repository: Path, nox: Run) -> None:
    """With all gates green it is in `test_modules.py`, beside another module."""
    break_the_start(repository)  # no gate takes long then, and none is redder with the module

    made = nox("-s", "new", "--", "catalog/access")

    assert made.returncode == 0, made.stdout + made.stderr
    last = made.stderr.splitlines()[-4:]
    assert "catalog/access is ready. It needs two settings:" in last[0]
    assert "CATALOG_ACCESS_IDENTITY_URL" in last[1]
    assert "CATALOG_ACCESS_KEY" in last[2]
    assert "python -m identity.modules.introspection.new_key" in last[2]

    again = nox("-s", "new", "--", "catalog/access")
    assert messages(again) == ["catalog has a module 'access' already: it authenticates callers."]


def test_copier_adds_it_without_nox_and_without_trust(repository: Path) -> None:
    place = "services/orders"
    assert run_copier(repository, "copy", ".", place).returncode == 0

    added = run_copier(repository, "copy", "-d", "kind=access", ".", place)
    again = run_copier(repository, "copy", "-d", "kind=access", ".", place)

    assert added.returncode == 0, added.stderr
    for need in ("ORDERS_ACCESS_IDENTITY_URL", "ORDERS_ACCESS_KEY", "introspection.new_key"):
        assert need in added.stderr
    assert again.returncode == 1
    assert again.stderr.rstrip().endswith("a module 'access' already: it authenticates callers.")


# For real


def protect(service: Path) -> None:
    """Add an endpoint that needs a caller."""
    router = service / "src/orders/modules/orders/router.py"
    text = router.read_text("utf-8")
    text = text.replace("import next_cursor\n", "import Caller, next_cursor\n", 1)
    text = text.replace("    etag,\n", "    etag,\n    needs,\n", 1)
    text = text.replace("from uuid import", "from typing import Annotated\nfrom uuid import", 1)
    router.write_text(text.replace(FIRST, f"{PROTECTED}{FIRST}", 1), "utf-8")


FIRST = "# GET /api/v1/orders\n"
PROTECTED = '''@router.post("/reports", responses=responses(401, 403))
async def create_report(caller: Annotated[Caller, needs("orders:write")]) -> UUID:
    """Return the user who asks."""
    return caller.user


'''


def test_protected_endpoint_passes_the_gates_that_read_it(asking: Path, inside: Run) -> None:
    protect(asking)

    for program, *arguments in (
        ["pytest", "-q", "tests/integration"],
        ["ruff", "check", "."],
        ["mypy", "src"],
        ["lint-imports", "--no-cache"],
    ):
        done = inside(asking, program, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def identity_programs(tmp_path_factory: pytest.TempPathFactory, uv: str) -> Path:
    """The programs of identity's own environment."""
    folder = tmp_path_factory.mktemp("identity")
    sync = ["sync", "--quiet", "--locked", "--no-install-project", "--no-dev"]
    env = {"UV_PROJECT_ENVIRONMENT": str(folder / "venv")}
    done = call(IDENTITY, uv, *sync, f"--python={sys.executable}", env=env)
    assert done.returncode == 0, done.stderr
    return folder / "venv" / ("Scripts" if os.name == "nt" else "bin")


class Service:
    """A service as a process of its own, which can be stopped and started again."""

    def __init__(self, source: Path, programs: Path, folder: Path, **settings: str) -> None:
        self.name, self.port = source.name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{self.name}.log"
        self._programs, self._folder = programs, folder
        own = {**settings, "PORT": str(self.port)}
        own["DATABASE_URL"] = f"sqlite+aiosqlite:///{folder / self.name}.db"
        prefixed = {f"{self.name}_{name}".upper(): value for name, value in own.items()}
        self._env = os.environ | {"PYTHONPATH": import_path(source)} | prefixed
        config = f"--config={source / 'pyproject.toml'}"
        migrated = call(folder, programs / "alembic", config, "upgrade", "head", env=self._env)
        assert migrated.returncode == 0, migrated.stderr

    @contextmanager
    def running(self) -> Iterator[httpx2.Client]:
        """Give a client for it, while it runs."""
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                [self._programs / "python", "-m", f"{self.name}.main"],
                cwd=self._folder,
                env=self._env,
                text=True,
                stdout=log,
                stderr=log,
            ) as process,
            httpx2.Client(base_url=self.url, timeout=PATIENCE) as client,
        ):
            try:
                assert wait_for(f"{self.url}/health/ready", process).status_code == 200
                yield client
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def keys(identity_programs: Path) -> dict[str, str]:
    """What `new_key` prints: the setting of identity, and that of the service, by their names."""
    env = {"PYTHONPATH": import_path(IDENTITY)}
    made = call(
        ROOT, identity_programs / "python", "-m", "identity.modules.introspection.new_key", env=env
    )
    found = dict(re.findall(r"(ACCESS_KEY|INTROSPECTION_KEYS)=(\S+)", made.stdout))
    assert len(found) == 2, made.stdout + made.stderr
    return found


@pytest.fixture
def identity(identity_programs: Path, keys: dict[str, str], tmp_path: Path) -> Service:
    digests = keys["INTROSPECTION_KEYS"]
    return Service(IDENTITY, identity_programs, tmp_path, introspection_keys=digests)


@pytest.fixture
def orders(
    asking: Path, programs: Path, keys: dict[str, str], identity: Service, tmp_path: Path
) -> Service:
    protect(asking)
    settings = {"access_key": keys["ACCESS_KEY"], "access_identity_url": identity.url}
    return Service(asking, programs, tmp_path, **settings)


def log_in(identity: httpx2.Client) -> dict[str, str]:
    """Log in; return the cookie as a header, as no browser would send it over plain HTTP."""
    entered = identity.post("/api/v1/auth/login", json=ANN)
    assert entered.status_code == 200, entered.text
    return {"Cookie": entered.headers["set-cookie"].partition(";")[0]}


def make_key(identity: httpx2.Client, session: dict[str, str], scope: str) -> tuple[str, str]:
    """Make an API key for this scope; return its id, and the key."""
    new = {"name": scope, "scopes": [scope]}
    made = identity.post("/api/v1/auth/api-keys", json=new, headers=session)
    assert made.status_code == 201, made.text
    return made.json()["id"], made.json()["key"]


def status(orders: httpx2.Client, headers: dict[str, str]) -> int:
    return orders.post(REPORTS, headers=headers).status_code


def test_answer_of_identity_is_obeyed_at_once(identity: Service, orders: Service) -> None:
    with orders.running() as service:
        with identity.running() as known:
            user = known.post("/api/v1/auth/register", json=ANN).json()["id"]
            session = log_in(known)
            (_, reader), (key, writer) = (
                make_key(known, session, f"orders:{action}") for action in ("read", "write")
            )
            may, may_not = ({"Authorization": f"Bearer {each}"} for each in (writer, reader))

            assert service.post(REPORTS, headers=session).json() == user
            assert service.post(REPORTS, headers=may).json() == user
            assert status(service, may_not) == 403
            assert status(service, session | {"Sec-Fetch-Site": "cross-site"}) == 403
            assert status(service, {}) == 401
            for length in (199, 200, 201, 7000):
                assert status(service, {"Authorization": f"Bearer {'x' * length}"}) == 401
            assert status(service, session | may_not) == 403

            assert known.delete(f"/api/v1/auth/api-keys/{key}", headers=session).is_success
            assert status(service, may) == 401
            assert known.post("/api/v1/auth/logout", headers=session).is_success
            assert status(service, session) == 401
            session = log_in(known)
            assert status(service, session) == 200

        stopped = service.post(REPORTS, headers=session)
        assert stopped.status_code == 503
        assert stopped.headers["retry-after"] == "1"
        assert status(service, {}) == 401
        with identity.running():
            assert status(service, session) == 200

    log = orders.log.read_text("utf-8")
    assert log.count("identity.unavailable") == 1
    assert "Traceback" not in log
    assert writer not in log + identity.log.read_text("utf-8")


def test_key_that_identity_does_not_know_is_logged_once_and_answers_503(
    identity: Service, asking: Path, programs: Path, tmp_path: Path
) -> None:
    protect(asking)
    orders = Service(
        asking, programs, tmp_path, access_key="ids_wrong", access_identity_url=identity.url
    )
    with identity.running() as known, orders.running() as service:
        assert known.post("/api/v1/auth/register", json=ANN).status_code == 201
        session = log_in(known)
        assert [status(service, session) for _ in range(3)] == [503, 503, 503]

    log = orders.log.read_text("utf-8")
    assert log.count("it does not accept the key of this service: its introspection must") == 1
    assert "ids_wrong" not in log


def test_a_url_that_would_show_the_key_stops_the_start_with_one_sentence(
    asking: Path, inside: Run
) -> None:
    url = "http://identity.example.org"

    refused = inside(asking, "python", "-m", "orders.main", ORDERS_ACCESS_IDENTITY_URL=url)

    sentence = refused.stderr
    assert refused.returncode == 1
    assert re.fullmatch(r"orders cannot start: ORDERS_ACCESS_IDENTITY_URL: [^\n]*\n", sentence)
    assert "or set …_PLAIN_HTTP=true" in sentence

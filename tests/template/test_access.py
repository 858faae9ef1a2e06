"""A service that knows its callers: what is rendered, what is refused, and both for real.

For real: identity and a service that asks it, each as a process of its own.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from docs.markdown import blocks
from gates.render import ROOT, render

from .conftest import GATES, Run, call, free_port
from .test_copier import commit
from .test_copier import copier as run_copier
from .test_modules import add_module, contents
from .test_renders import greens, wait_for
from .test_sessions import PATIENCE, told

IDENTITY = ROOT / "services/identity"
ACCESS = "src/orders/modules/access"
RENDERED = {
    ".copier-answers.access.yml",
    "tests/integration/test_access.py",
    f"{ACCESS}/README.md",
    *(
        f"{ACCESS}/{name}.py"
        for name in (
            *(
                "__init__",
                "caller",
                "cookie",
                "dependencies",
                "fixtures",
                "same_origin",
                "settings",
            ),
            *("test_settings", "verification"),
        )
    ),
}
COPIES = ("caller.py", "cookie.py", "dependencies.py", "same_origin.py")
ANN = {"email": "ann@example.org", "password": "correct horse battery staple"}
REPORTS = "/api/v1/orders/reports"


@pytest.fixture
def asking(service: Path) -> Path:
    """The service `orders`, which knows its callers."""
    add_access(service)
    return service


def add_access(service: Path) -> None:
    add_module(service, kind="access")


# What is rendered


def test_it_comes_beside_what_is_there_and_changes_none_of_it(service: Path) -> None:
    before = contents(service)

    add_access(service)

    after = contents(service)
    assert after.keys() - before.keys() == RENDERED
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("answers", [{}, {"kind": "standalone"}, {"kind": "monorepo"}], ids=str)
def test_nothing_else_is_rendered_with_it(tmp_path: Path, answers: dict[str, str]) -> None:
    render(tmp_path / "orders", {"service": "orders", **answers})

    assert not [name for name in contents(tmp_path) if re.search(r"\baccess\b", name)]


@pytest.mark.parametrize("name", COPIES)
def test_what_it_shares_with_identity_is_the_same(asking: Path, name: str) -> None:
    own = (IDENTITY / "src/identity/modules/access" / name).read_bytes()

    assert (asking / ACCESS / name).read_bytes() == own


def test_it_forwards_no_longer_credential_than_identity_takes(asking: Path) -> None:
    schemas = (IDENTITY / "src/identity/modules/introspection/schemas.py").read_text("utf-8")
    verification = (asking / ACCESS / "verification.py").read_text("utf-8")

    [taken] = re.findall(r"secret: .*max_length=(\d+)", schemas)
    assert re.findall(r"^LONGEST: Final = (\d+)", verification, re.MULTILINE) == [taken]


# What is refused


def test_a_second_time_gets_one_sentence_and_changes_nothing(asking: Path) -> None:
    before = contents(asking)

    with pytest.raises(ValueError, match=r"orders has a module 'access' already: it knows its"):
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
    [reason] = told(refused)
    assert sentence in reason
    assert contents(repository / "services") == before


# With the gates of a service


def test_a_service_that_knows_its_callers_passes_all_gates(nox: Run) -> None:
    made = nox("-s", "new", "--", "catalog/access")

    assert made.returncode == 0, made.stdout + made.stderr
    assert greens(made.stdout, "catalog") == GATES
    last = made.stderr.splitlines()[-4:]
    assert "catalog/access is ready. It needs two settings:" in last[0]
    assert "CATALOG_ACCESS_IDENTITY_URL" in last[1]
    assert "CATALOG_ACCESS_KEY" in last[2]
    assert "python -m identity.modules.introspection.new_key" in last[2]

    again = nox("-s", "new", "--", "catalog/access")
    assert told(again) == ["catalog has a module 'access' already: it knows its callers."]


def test_copier_adds_it_without_nox_and_without_trust(repository: Path) -> None:
    place = "services/orders"
    assert run_copier(repository, "copy", ".", place).returncode == 0

    added = run_copier(repository, "copy", "-d", "kind=access", ".", place)
    again = run_copier(repository, "copy", "-d", "kind=access", ".", place)

    assert added.returncode == 0, added.stderr
    for need in ("ORDERS_ACCESS_IDENTITY_URL", "ORDERS_ACCESS_KEY", "introspection.new_key"):
        assert need in added.stderr
    assert again.returncode == 1
    assert again.stderr.rstrip().endswith("a module 'access' already: it knows its callers.")


def test_drift_and_sync_hold_it_to_the_template(repository: Path, nox: Run) -> None:
    access = ["copy", "-d", "kind=access", ".", "services/catalog"]
    assert run_copier(repository, *access).returncode == 0
    module = repository / "services/catalog/src/catalog/modules/access"
    module.joinpath("verification.py").write_text("")
    module.joinpath("caller.py").unlink()
    commit(repository)

    drifted = nox("-s", "drift", "--", "catalog")
    repaired = nox("-s", "sync", "--", "catalog")

    assert drifted.returncode == 1
    for name in ("verification.py", "caller.py"):
        assert f"modules/access/{name}" in drifted.stdout
        assert f"repaired: services/catalog/src/catalog/modules/access/{name}" in repaired.stdout
    assert nox("-s", "drift", "--", "catalog").returncode == 0


# For real


def protect(service: Path) -> None:
    """Do what the docs say: an endpoint that needs a caller, and its test."""
    route, test = blocks(ROOT / "docs/access.md", "python")
    module = service / "src/orders/modules/orders"
    for name, block in (("router.py", route), ("test_router.py", test)):
        path = module / name
        imports, code = split(block)
        docstring, rest = path.read_text("utf-8").split("\n\n", 1)
        text = f"{docstring}\n\n{imports}{rest}\n\n{code}"
        path.write_text(text, "utf-8")


def split(block: str) -> tuple[str, str]:
    """Its imports, and the rest."""
    lines = block.splitlines(keepends=True)
    imports = [node for node in ast.parse(block).body if isinstance(node, ast.ImportFrom)]
    end = imports[-1].end_lineno
    return "".join(lines[:end]), "".join(lines[end:])


def test_the_docs_protect_an_endpoint_and_test_it(asking: Path, inside: Run) -> None:
    protect(asking)
    for mend in (["check", "--fix", "--select=I", "."], ["format", "."]):
        assert inside(asking, "ruff", *mend).returncode == 0  # where the imports stand
    tests = ["src/orders/modules/orders/test_router.py", "tests/integration"]
    listed = "clients_get_good_method_names"  # where whoever adds a URL has to name it

    for program, *arguments in (
        ["pytest", "-q", *tests, f"--deselect={tests[0]}::test_{listed}"],
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
        self._env = os.environ | {"PYTHONPATH": str(source / "src")} | prefixed
        config = f"--config={source / 'pyproject.toml'}"
        migrated = call(folder, programs / "alembic", config, "upgrade", "head", env=self._env)
        assert migrated.returncode == 0, migrated.stderr

    @contextmanager
    def running(self) -> Iterator[httpx2.Client]:
        """A client for it, while it runs."""
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
    """What `new_key` prints: the setting of identity, and the service's, without their names."""
    env = {"PYTHONPATH": str(IDENTITY / "src")}
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
    """The cookie, as a browser sends it; over HTTPS alone, which there is none of here."""
    entered = identity.post("/api/v1/auth/login", json=ANN)
    assert entered.status_code == 200, entered.text
    return {"Cookie": entered.headers["set-cookie"].partition(";")[0]}


def make_key(identity: httpx2.Client, session: dict[str, str], scope: str) -> tuple[str, str]:
    """An API key for this; its id, and itself."""
    new = {"name": scope, "scopes": [scope]}
    made = identity.post("/api/v1/auth/api-keys", json=new, headers=session)
    assert made.status_code == 201, made.text
    return made.json()["id"], made.json()["key"]


def status(orders: httpx2.Client, headers: dict[str, str]) -> int:
    return orders.post(REPORTS, headers=headers).status_code


def test_what_identity_says_counts_at_once(identity: Service, orders: Service) -> None:
    with orders.running() as service:
        with identity.running() as known:
            user = known.post("/api/v1/auth/register", json=ANN).json()["id"]
            session = log_in(known)
            (_, reader), (key, writer) = (
                make_key(known, session, f"orders:{deed}") for deed in ("read", "write")
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


def test_a_key_that_identity_does_not_know_is_our_fault_and_told_once(
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
    assert log.count("it does not accept ORDERS_ACCESS_KEY: its introspection must know") == 1
    assert "ids_wrong" not in log


def test_a_url_that_would_show_the_key_stops_the_start_with_one_sentence(
    asking: Path, inside: Run
) -> None:
    url = "http://identity.example.org"

    refused = inside(asking, "python", "-m", "orders.main", ORDERS_ACCESS_IDENTITY_URL=url)

    sentence = refused.stderr
    assert refused.returncode == 1
    assert re.fullmatch(r"orders cannot start: ORDERS_ACCESS_IDENTITY_URL: [^\n]*\n", sentence)
    assert "or set ORDERS_ACCESS_PLAIN_HTTP=true" in sentence

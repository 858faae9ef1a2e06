"""What these tests share: copies of the repository, Nox in them, and one environment of a service.

* `repository`: a copy of this repository as it stands, which a test may change
* `nox`: runs Nox in that copy
* `rendered`: a rendered service, called `orders`, beside a link to the template, for reading
* `service`: the same, which a test may change
* `inside`: runs a program of a service's environment in a rendered service
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from uv import find_uv_bin

from gates.render import ROOT, render

collect_ignore = ["planted"]  # tests for elsewhere

Run = Callable[..., "subprocess.CompletedProcess[str]"]

GATES = {
    "boundaries",
    "concurrency",
    "contract",
    "coverage",
    "integration",
    "lint",
    "migration",
    "types",
    "unit",
}
LIMIT = 300  # seconds that a program may take; only one that hangs needs them
LEFTOVERS = (
    *(".git", ".nox", ".venv", ".env", "__pycache__", ".*_cache", "*.db", "*.db-*"),
    *(".coverage", ".coverage.*", "htmlcov", ".hypothesis"),
)
CALLERS_OWN = ("CI", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONDONTWRITEBYTECODE")
PLATFORM = Path("template", "plumbline")


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the session that runs these tests, or its user, has set must not decide here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in CALLERS_OWN or name.startswith(("NOX", "PYTEST_", "GIT_", "GITHUB_")):
                patch.delenv(name)
        patch.setenv("COPIER_CACHE_DIR", str(tmp_path_factory.mktemp("copier")))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "Ada")
            patch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # `&` ignores it
        yield
        signal.signal(signal.SIGINT, before)


def call(
    folder: Path, *command: str | Path, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever that is."""
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | env,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def beside_the_platform(root: Path, name: str = "orders") -> Path:
    """Return a folder for a service that finds the platform two folders above, as a link."""
    root.mkdir(parents=True, exist_ok=True)
    if not (root / "template").exists():
        (root / "template").symlink_to(ROOT / "template", target_is_directory=True)
    return root / "services" / name


def own_platform(service: Path) -> Path:
    """Give a service a copy of the platform, which the test may change; return its package."""
    root = service.parents[1]
    (root / "template").unlink()
    ignored = shutil.ignore_patterns(*LEFTOVERS)
    shutil.copytree(ROOT / PLATFORM, root / PLATFORM, ignore=ignored)
    return root / PLATFORM / "src" / "plumbline"


@pytest.fixture(scope="session")
def uv() -> str:
    """The path of uv."""
    return find_uv_bin()


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy finds out about the libraries, kept for all: it takes eight seconds."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory, libraries: Path) -> Iterator[Path]:
    """Where `repository` is put anew for each test, so that its environments serve them all."""
    folder = tmp_path_factory.mktemp("workshop") / "repository"
    (folder / ".nox").mkdir(parents=True)
    (folder / ".nox" / "mypy").symlink_to(libraries)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def repository(workshop: Path) -> Path:
    """A copy of this repository as it stands, without history, and with one service."""
    for path in [*workshop.iterdir(), workshop / ".nox" / "coverage", workshop / ".nox" / "new"]:
        if path.is_dir() and path.name != ".nox":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    ignored = shutil.ignore_patterns(*LEFTOVERS)
    shutil.copytree(ROOT, workshop, symlinks=True, ignore=ignored, dirs_exist_ok=True)
    for service in (workshop / "services").iterdir():
        if service.name != "catalog":  # what sessions do with one, they do with others, too
            shutil.rmtree(service)
    return workshop


@pytest.fixture
def nox(repository: Path) -> Run:
    """Runs Nox in the copy of the repository, with these arguments."""

    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return call(repository, sys.executable, "-m", "nox", *arguments, env=env)

    return run


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory, uv: str, rendered: Path) -> Iterator[Path]:
    """The programs of the locked environment of all rendered services, without their own code."""
    venv = tmp_path_factory.mktemp("environment") / "venv"
    env = {"UV_PROJECT_ENVIRONMENT": str(venv)}
    sync = ["sync", "--quiet", "--locked", "--no-install-project", f"--python={sys.executable}"]
    done = call(rendered, uv, *sync, env=env)
    assert done.returncode == 0, done.stderr
    yield venv / ("Scripts" if os.name == "nt" else "bin")
    shutil.rmtree(venv)


@pytest.fixture(scope="session")
def inside(programs: Path) -> Run:
    """Runs a program of the environment in the folder of a rendered service.

    It imports that service, and the platform that this finds two folders above.
    """

    def run(
        service: Path, program: str, *arguments: str | Path, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return call(
            service, programs / program, *arguments, env={"PYTHONPATH": import_path(service), **env}
        )

    return run


def import_path(service: Path) -> str:
    """Return the `PYTHONPATH` of a service: its own code, and the platform beside it."""
    return os.pathsep.join(
        str(folder / "src") for folder in (service, service.parents[1] / PLATFORM)
    )


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered service, called `orders`, that no test may change."""
    folder = beside_the_platform(tmp_path_factory.mktemp("rendered"))
    render(folder, {"service": "orders"})
    return folder


@pytest.fixture
def service(rendered: Path, tmp_path: Path) -> Path:
    """A rendered service, called `orders`, that the test may change."""
    return Path(shutil.copytree(rendered, beside_the_platform(tmp_path)))

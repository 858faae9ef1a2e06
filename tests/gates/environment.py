"""The locked environments, one for each service and Python, and how sessions use them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

from gates.services import REPOSITORY, ROOT, SERVICES, STATE


def uv() -> str:
    """The path of uv: the machine's own, or the one that came with nox[uv]."""
    if found := shutil.which("uv"):
        return found
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - only here if the machine has none itself
    except ImportError:
        sys.exit('There is no uv: install it, or run `pip install "nox[uv]"`.')
    return find_uv_bin()


def python_version(session: nox.Session) -> str:
    """The Python to test with: that of `nox -P`, or the one that runs Nox."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return session.python if isinstance(session.python, str) else running


def has_python(version: str) -> bool:
    """Whether uv finds this Python on the machine, without a download."""
    find = [uv(), "python", "find", "--no-python-downloads", version]
    return subprocess.run(find, check=False, capture_output=True).returncode == 0


def folder(service: str) -> Path:
    """Where the gates of a service run."""
    if service == REPOSITORY:
        return ROOT
    return SERVICES.get(service, ROOT / "services" / service)  # `new` has just made one


def environment(session: nox.Session, service: str) -> Path:
    """The programs of the one locked environment of (service, Python), brought up to date."""
    version = python_version(session)
    if isinstance(session.python, str) and not has_python(version):
        message = f"There is no Python {version} here: install it, or choose another with -P"
        session.error(message) if os.environ.get("CI") else session.skip(message)
    project = ROOT / "tests" / "gates" if service == REPOSITORY else folder(service)
    return synced(session, f"{service}-{version}", project)


def synced(session: nox.Session, name: str, project: Path, *options: str) -> Path:
    """The programs of the environment called so, made from the lock file of a project."""
    venv = STATE / "envs" / name
    session.env.update({"UV_PROJECT_ENVIRONMENT": str(venv), "VIRTUAL_ENV": str(venv)})
    session.env["PYTHONDONTWRITEBYTECODE"] = ""  # the environment is ours, and slow without
    sync = ["sync", "--quiet", "--locked", "--no-python-downloads", *options]
    python = f"--python={python_version(session)}"
    session.run(uv(), *sync, python, f"--project={project}", external=True, log=False)
    return venv / ("Scripts" if os.name == "nt" else "bin")


def run_in(session: nox.Session, service: str, program: str, *arguments: str | Path) -> None:
    """Run a program of the service's environment in the service's folder."""
    command = [str(environment(session, service) / program), *map(str, arguments)]
    with session.chdir(folder(service)):
        session.run(*command, external=True)


def run_own(session: nox.Session, script: str, *arguments: str | Path) -> None:
    """Run a program of `tests/`, such as `gates/drift.py`, in the repository's environment."""
    run_in(session, REPOSITORY, "python", f"tests/{script}", *arguments)

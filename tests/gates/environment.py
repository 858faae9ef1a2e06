"""The locked environments, and how sessions use them.

The platform and the gates have one each, for each Python. Services whose lock files agree share
one, so that a new service finds all libraries installed and compiled; `PYTHONPATH` adds its code.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nox

from gates.services import PLATFORM, PROJECTS, REPOSITORY, ROOT, SERVICES, STATE

ENVIRONMENTS = STATE / "envs"
OWN_NAME = re.compile(  # in its own lock file
    r'^name = "[^"]*"(?=\nversion = "[^"]*"\nsource = { editable = "\." })', re.MULTILINE
)


def uv() -> str:
    """Return the path of uv: the machine's own, or the one that came with nox[uv]."""
    if found := shutil.which("uv"):
        return found
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - only here if the machine has none itself
    except ImportError:
        sys.exit('There is no uv: install it, or run `pip install "nox[uv]"`.')
    return find_uv_bin()


def python_version(session: nox.Session) -> str:
    """Return the Python to test with: that of `nox -P`, or the one that runs Nox."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return session.python if isinstance(session.python, str) else running


def has_python(version: str) -> bool:
    """Return whether uv finds this Python on the machine, without a download."""
    find = [uv(), "python", "find", "--no-python-downloads", version]
    return subprocess.run(find, check=False, capture_output=True).returncode == 0


def folder(project: str) -> Path:
    """Return where the gates of a service, or of the platform, run."""
    if project == REPOSITORY:
        return ROOT
    return PROJECTS.get(project, ROOT / "services" / project)  # `new` has just made one


def environment(session: nox.Session, project: str) -> Path:
    """Bring the locked environment of (project, Python) up to date; return its programs."""
    version = python_version(session)
    if isinstance(session.python, str) and not has_python(version):
        message = f"There is no Python {version} here: install it, or choose another with -P"
        session.error(message) if os.environ.get("CI") else session.skip(message)
    if project == REPOSITORY:
        return synced(session, f"{project}-{version}", ROOT / "tests" / "gates")
    place = folder(project)
    session.env["PYTHONPATH"] = str(place / "src")
    owner = environment_owner(project, version)
    own = () if project == PLATFORM else ("--no-install-project",)
    return synced(session, f"{owner}-{version}", place, *own)


def environment_owner(project: str, version: str) -> str:
    """Return the service whose environment this one uses: its own, if no other one fits."""
    key = lock_key(folder(project))
    alike = [name for name in SERVICES if lock_key(folder(name)) == key and name != project]
    made = [name for name in alike if (ENVIRONMENTS / f"{name}-{version}" / "pyvenv.cfg").is_file()]
    own = ENVIRONMENTS / f"{project}-{version}"
    return project if own.exists() or not made else made[0]


def lock_key(project: Path) -> str:
    """Return what is the same for projects that need the same environment; empty without a lock."""
    lock = project / "uv.lock"
    if not lock.is_file():
        return ""
    text = OWN_NAME.sub("", lock.read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(sorted(text.splitlines())).encode()).hexdigest()


def synced(session: nox.Session, name: str, project: Path, *options: str) -> Path:
    """Make the environment of this name from the lock file of a project; return its programs."""
    venv = ENVIRONMENTS / name
    session.env.update({"UV_PROJECT_ENVIRONMENT": str(venv), "VIRTUAL_ENV": str(venv)})
    session.env["PYTHONDONTWRITEBYTECODE"] = ""  # the environment is ours, and slow without
    sync = ["sync", "--quiet", "--locked", "--no-python-downloads", *options]
    python = f"--python={python_version(session)}"
    done = subprocess.run(
        [uv(), *sync, python, f"--project={project}"],
        env=os.environ | {key: value for key, value in session.env.items() if value is not None},
        check=False,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr, end="")
        if "needs to be updated" in done.stderr and project != ROOT / "tests" / "gates":
            session.error(f"The lock file of {project.name} is stale: run nox -s relock")
        raise nox.command.CommandFailed(f"uv sync of {project.name} failed, see above")
    return venv / ("Scripts" if os.name == "nt" else "bin")


def relock_all(session: nox.Session) -> Iterator[tuple[str, bool]]:
    """Lock the platform and every service; yield each, and whether its lock file has changed.

    In the template's own repository, the template's lock file is made from them.
    """
    for project, place in PROJECTS.items():
        lock = place / "uv.lock"
        before = lock.read_bytes() if lock.is_file() else b""
        command = [uv(), "lock", "--quiet", f"--project={place}"]
        session.run(*command, external=True, log=False)
        yield project, lock.read_bytes() != before
    if (ROOT / "template").is_dir():
        run_own(session, "lock.py", uv())


def run_in(session: nox.Session, project: str, program: str, *arguments: str | Path) -> None:
    """Run a program of the project's environment in the project's folder."""
    command = [str(environment(session, project) / program), *map(str, arguments)]
    with session.chdir(folder(project)):
        session.run(*command, external=True)


def run_own(session: nox.Session, script: str, *arguments: str | Path) -> None:
    """Run a program of `tests/`, such as `gates/drift.py`, in the repository's environment."""
    run_in(session, REPOSITORY, "python", f"tests/{script}", *arguments)

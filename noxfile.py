#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2026.8.10"]
# ///
"""The gates and chores of this repository. Services are found by looking; none is listed here.

nox                              what CI runs
nox -s tests -- catalog          every gate of one service (of all without a name)
nox -s "unit(catalog)" -- -x     one gate of one service, with arguments for pytest
nox -t catalog                   the gates of one service, a session each
nox -P 3.12 -s tests             with another Python
nox -s new -- orders             a new service, rendered and proved
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

import nox

ROOT = Path(__file__).parent.resolve()
sys.path.insert(0, str(ROOT / "tests"))

from gates.together import Gate, Row, run_together, tell  # noqa: E402 - found by the line above

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "none"  # uv makes one environment for all gates: environment()
nox.options.error_on_external_run = True
nox.options.sessions = ["lint(repository)", "types(repository)", "workflows", "drift", "tests"]
nox.options.sessions += ["docs", "template", "mutants"]

STATE = ROOT / ".nox"
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))
REPOSITORY = "repository"  # the name under which this repository's own code is checked
Session = TypeVar("Session", bound=Callable[..., None])
TEST_GATES = ("unit", "integration", "migration", "concurrency")


def each(*names: str) -> Callable[[Session], Session]:
    """Make one session for each name, which is also its tag."""
    every = [nox.param(name, id=name, tags=[name]) for name in names]
    return cast("Callable[[Session], Session]", nox.parametrize("service", every))


# What the sessions stand on


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


def environment(session: nox.Session, service: str) -> Path:
    """The programs of the one locked environment of (service, Python), brought up to date."""
    version = python_version(session)
    if isinstance(session.python, str) and not has_python(version):
        message = f"There is no Python {version} here: install it, or choose another with -P"
        session.error(message) if os.environ.get("CI") else session.skip(message)
    venv = STATE / "envs" / f"{service}-{version}"
    session.env.update({"UV_PROJECT_ENVIRONMENT": str(venv), "VIRTUAL_ENV": str(venv)})
    session.env["PYTHONDONTWRITEBYTECODE"] = ""  # the environment is ours, and slow without
    project = ROOT / ("tests" if service == REPOSITORY else f"services/{service}")
    sync = ["sync", "--quiet", "--locked", "--no-python-downloads", f"--python={version}"]
    session.run(uv(), *sync, f"--project={project}", external=True, log=False)
    return venv / ("Scripts" if os.name == "nt" else "bin")


def run(session: nox.Session, service: str, gate: Gate) -> None:
    """Run the commands of a gate in the folder of its service."""
    session.env.update(gate.env)
    with session.chdir(folder(service)):
        for command in gate.commands:
            session.run(*command, external=True)


def run_in(session: nox.Session, service: str, program: str, *arguments: str | Path) -> None:
    """Run a program of the service's environment in the service's folder."""
    command = [str(environment(session, service) / program), *map(str, arguments)]
    run(session, service, Gate(program, [command]))


def run_own(session: nox.Session, script: str, *arguments: str | Path) -> None:
    """Run a script of tests/gates/ in the repository's own environment."""
    run_in(session, REPOSITORY, "python", f"tests/gates/{script}.py", *arguments)


def folder(service: str) -> Path:
    """Where the gates of a service run."""
    return ROOT if service == REPOSITORY else ROOT / "services" / service


def there_are() -> str:
    """The services by name, or how to make the first."""
    names = ", ".join(SERVICES)
    return f"there are: {names}" if names else "there is none yet, make one: nox -s new -- orders"


def named_services(session: nox.Session) -> list[str]:
    """The services named behind `--`, or all."""
    for name in session.posargs:
        if name not in SERVICES:
            session.error(f"There is no service {name!r}; {there_are()}")
    if not SERVICES:
        session.error(f"There is nothing to do: {there_are()}")
    return list(session.posargs) or SERVICES


def one_service(session: nox.Session, usage: str) -> str:
    """The service named first behind `--`."""
    if not session.posargs or session.posargs[0] not in SERVICES:
        session.error(f"Say which service: nox -s {usage}; {there_are()}")
    return session.posargs[0]


# What each gate runs


def coverage_folder(session: nox.Session, service: str) -> Path:
    """Where the test gates of (service, Python) leave what they have covered."""
    return STATE / "coverage" / f"{service}-{python_version(session)}"


def gate_of(session: nox.Session, service: str, *gates: str, only: Sequence[str] = ()) -> Gate:
    """The tests of some gates, or `only` some of theirs, which leaves no data for `coverage`."""
    pytest = environment(session, service) / "pytest"
    data = coverage_folder(session, service) / f"{'+'.join(gates)}.data"
    results = data.with_suffix(".xml")
    data.unlink(missing_ok=True)
    results.unlink(missing_ok=True)
    how = [*only] or ["--cov", "--cov-report="]
    command = [str(pytest), "-m", " or ".join(gates), f"--junit-xml={results}", *how]
    return Gate("+".join(gates), [command], {"COVERAGE_FILE": str(data)}, results)


def covered(session: nox.Session, service: str) -> Gate:
    """The coverage of each layer against its threshold, from the data of all test gates."""
    python = environment(session, service) / "python"
    judge = [str(python), str(ROOT / "tests/gates/layers.py")]
    return Gate("coverage", [[*judge, str(coverage_folder(session, service)), *TEST_GATES]])


def linted(session: nox.Session, service: str, *arguments: str) -> Gate:
    """Style and format of a service, or of the repository's own code."""
    ruff = str(environment(session, service) / "ruff")
    where = ["--config=tests/ruff.toml", "noxfile.py", "tests"] if service == REPOSITORY else ["."]
    mend = [] if "--fix" in arguments else ["--diff"]
    return Gate("lint", [[ruff, "check", *arguments, *where], [ruff, "format", *mend, *where]])


def typed(session: nox.Session, service: str, *arguments: str) -> Gate:
    """Types; all services share a cache, as what mypy knows of the libraries serves each.

    Full paths keep apart in it what two services call the same: `tests/integration/test_health.py`.
    """
    mypy = str(environment(session, service) / "mypy")
    kind = REPOSITORY if service == REPOSITORY else "services"  # their plugins differ
    cache = [f"--cache-dir={STATE / 'mypy' / kind}", "--num-workers=2"]
    sources = [str(folder(service) / name) for name in ("src", "tests", "conftest.py")]
    what = ["--config-file=tests/mypy.ini"] if service == REPOSITORY else sources
    return Gate("types", [[mypy, *cache, *what, *arguments]])


def bounded(session: nox.Session, service: str) -> Gate:
    """The arrows between the layers."""
    lint_imports = str(environment(session, service) / "lint-imports")
    return Gate("boundaries", [[lint_imports, f"--cache-dir={STATE / 'imports' / service}"]])


def run_all(session: nox.Session, service: str) -> list[Row]:
    """Run every gate of a service to its end, red or green, as many at once as there are cores."""
    together = [
        gate_of(session, service, "integration"),
        gate_of(session, service, "unit", "migration", "concurrency"),  # takes as long
        typed(session, service),
        bounded(session, service),
        linted(session, service),
    ]
    rows = run_together(service, folder(service), together, session.env)
    return rows + run_together(service, folder(service), [covered(session, service)], session.env)


# The gates of a service


@nox.session
@each(*SERVICES)
def unit(session: nox.Session, service: str) -> None:
    """Test repositories, services, and other code that has its tests beside it."""
    run(session, service, gate_of(session, service, "unit", only=session.posargs))


@nox.session
@each(*SERVICES)
def integration(session: nox.Session, service: str) -> None:
    """Test over HTTP: routers, flows, errors, start and stop."""
    run(session, service, gate_of(session, service, "integration", only=session.posargs))


@nox.session
@each(*SERVICES)
def migration(session: nox.Session, service: str) -> None:
    """Test that the schema goes up and down, equals the models, and keeps the rows."""
    run(session, service, gate_of(session, service, "migration", only=session.posargs))


@nox.session
@each(*SERVICES)
def concurrency(session: nox.Session, service: str) -> None:
    """Test that many clients and processes at once lose nothing."""
    run(session, service, gate_of(session, service, "concurrency", only=session.posargs))


@nox.session
@each(*SERVICES)
def coverage(session: nox.Session, service: str) -> None:
    """Judge the coverage of each layer; run the four test gates first."""
    run(session, service, covered(session, service))


@nox.session
@each(*SERVICES, REPOSITORY)
def lint(session: nox.Session, service: str) -> None:
    """Check style and format with ruff; `-- --fix` mends what can be mended."""
    run(session, service, linted(session, service, *session.posargs))


@nox.session
@each(*SERVICES, REPOSITORY)
def types(session: nox.Session, service: str) -> None:
    """Check types with mypy --strict."""
    run(session, service, typed(session, service, *session.posargs))


@nox.session
@each(*SERVICES)
def boundaries(session: nox.Session, service: str) -> None:
    """Check with import-linter that imports only point down through the layers."""
    run(session, service, bounded(session, service))


@nox.session
def tests(session: nox.Session) -> None:
    """Run every gate of the named services, or of all; end with a summary."""
    rows = [row for service in named_services(session) for row in run_all(session, service)]
    tell(rows)
    if red := [f"{row.gate}({row.service})" for row in rows if not row.green]:
        session.error(f"Red: {', '.join(red)}")


@nox.session
def mutants(session: nox.Session) -> None:
    """Plant known defects into a copy of each named service, and see a gate catch each."""
    for service in named_services(session):
        programs = environment(session, service)
        run_own(session, "mutants", service, programs)


# The gates of this repository


@nox.session
def template(session: nox.Session) -> None:
    """Test the template and the sessions: names, renders, gates that must turn red."""
    run_in(session, REPOSITORY, "pytest", "tests/template", *session.posargs)


@nox.session
def drift(session: nox.Session) -> None:
    """Compare each service with what the template renders for its answers."""
    run_own(session, "drift", *named_services(session))


@nox.session
def workflows(session: nox.Session) -> None:
    """Check the workflows of GitHub Actions: security, schema, needs, session names."""
    run_in(session, REPOSITORY, "zizmor", "--offline", "--quiet", ".github")
    files = sorted(ROOT.glob(".github/workflows/*.yml"))
    schema = "--builtin-schema=vendor.github-workflows"
    run_in(session, REPOSITORY, "check-jsonschema", schema, *files)
    run_in(session, REPOSITORY, "pytest", "tests/workflows", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Check that README and docs/ are complete, and that their commands work."""
    run_in(session, REPOSITORY, "pytest", "tests/docs", *session.posargs)


# Chores


@nox.session
def new(session: nox.Session) -> None:
    """Render a new service from the work tree, and run its gates: `-- orders`."""
    if not session.posargs:
        session.error("Say how it is called: nox -s new -- orders")
    service, *answers = session.posargs
    if service != Path(service).name:
        session.error(f"{service!r} is a path: give the name alone, such as orders")
    staged = STATE / "new" / service
    target = ROOT / "services" / service
    if target.exists():
        session.error(f"services/{service} exists: choose another name, or delete it first")
    shutil.rmtree(staged, ignore_errors=True)
    run_own(session, "render", staged, f"service={service}", *answers)
    target.parent.mkdir(exist_ok=True)
    staged.rename(target)
    try:
        rows = run_all(session, service)
    except BaseException:  # Ctrl-C included: there is no half-made service
        shutil.rmtree(target)
        session.warn(f"services/{service} is removed again.")
        raise
    tell(rows)
    if not all(row.green for row in rows):
        shutil.rmtree(target)
        session.error(f"Its gates are red, so services/{service} is removed again")
    session.log(f"services/{service} is ready. Start it: nox -s serve -- {service}")


@nox.session
def serve(session: nox.Session) -> None:
    """Bring a service's development database to head and serve it, with reload: `-- catalog`."""
    service = one_service(session, "serve -- <service>")
    run_in(session, service, "alembic", "upgrade", "head")
    package = service.replace("-", "_")
    session.env[f"{package.upper()}_LOG_JSON"] = "false"
    run_in(session, service, "python", "-m", f"{package}.main", "--reload")


@nox.session
def migrate(session: nox.Session) -> None:
    """Write a service's next migration from its models: `-- catalog "add colour"`."""
    service = one_service(session, 'migrate -- <service> "<message>"')
    if len(session.posargs) != 2 or not session.posargs[1].strip():  # noqa: PLR2004 - name, message
        session.error(f'Say what changes: nox -s migrate -- {service} "add colour"')
    prefix = service.replace("-", "_").upper()
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite+aiosqlite:///{Path(scratch, 'empty.db').as_posix()}"
        session.env[f"{prefix}_DATABASE_URL"] = url
        run_in(session, service, "alembic", "upgrade", "head")
        run_in(session, service, "alembic", "revision", "--autogenerate", "-m", session.posargs[1])


@nox.session
def bench(session: nox.Session) -> None:
    """Measure, side by side, and print a table with ratios."""
    run_own(session, "bench", *session.posargs)


@nox.session
def matrix(session: nox.Session) -> None:
    """Print the jobs for GitHub Actions; `-- <base>` leaves out what the change did not touch."""
    run_own(session, "matrix", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Lock the newest libraries that fit, for the template and for tests/."""
    run_own(session, "lock", uv())


if __name__ == "__main__":
    nox.main()

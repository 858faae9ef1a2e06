#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2026.8.10"]
# ///
"""The gates and chores of this repository. Services are found by looking; none is listed here.

nox                              what CI runs
nox -s tests -- orders           every gate of one service (of all without a name)
nox -s "unit(orders)" -- -x      one gate of one service, with arguments for pytest
nox -t orders                    the gates of one service, a session each
nox -P 3.12 -s tests             with another Python
nox -s new -- orders             a new service, rendered and proved (in a monorepo)
nox -s new -- orders/invoices    one more module of a service, the same way
nox -s new -- orders/access      a service that knows its callers: it asks identity
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import nox

ROOT = Path(__file__).parent.resolve()
sys.path.insert(0, str(ROOT / "tests"))

from gates.adding import added  # noqa: E402 - found by the line above
from gates.environment import (  # noqa: E402 - the same
    environment,
    folder,
    python_version,
    run_in,
    run_own,
)
from gates.postgres import postgres_server  # noqa: E402 - the same
from gates.services import (  # noqa: E402 - the same
    REPOSITORY,
    SERVICES,
    STATE,
    there_are,
    typed_sources,
)
from gates.together import Gate, run_together, tell  # noqa: E402 - the same

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "none"  # uv makes one environment for all gates: environment()
nox.options.error_on_external_run = True
nox.options.sessions = ["workflows", "drift", "tests", "postgres"]

Session = TypeVar("Session", bound=Callable[..., None])
ACCESS = "access"  # the module that the template has beside those that keep something
TEST_GATES = ("unit", "integration", "migration", "concurrency")  # those whose coverage counts:
# `contract` sends what nobody has thought of, and would hide a layer that nobody has tested


def each(*names: str) -> Callable[[Session], Session]:
    """Make one session for each name, which is also its tag."""
    every = [nox.param(name, id=name, tags=[name]) for name in names]
    return cast("Callable[[Session], Session]", nox.parametrize("service", every))


# What the sessions stand on


def named_services(session: nox.Session) -> list[str]:
    """The services named behind `--`, or all; where there is none yet, the session is skipped."""
    for name in session.posargs:
        if name not in SERVICES:
            session.error(f"There is no service {name!r}; {there_are()}")
    if not SERVICES:
        session.skip(f"There is nothing to do: {there_are()}")
    return list(session.posargs) or [*SERVICES]


def one_service(session: nox.Session, usage: str) -> str:
    """The service named first behind `--`."""
    if not session.posargs or session.posargs[0] not in SERVICES:
        session.error(f"Say which service: nox -s {usage}; {there_are()}")
    return session.posargs[0]


def arguments(session: nox.Session) -> list[str]:
    """What stands behind `--` for the program of a gate, which would not know a service's name."""
    if session.posargs and session.posargs[0] in SERVICES:
        name, own = session.posargs[0], re.split(r"\W", session.name)[0]
        session.error(f'{name!r} is a service: write nox -s "{own}({name})"')
    return session.posargs


def package_of(service: str) -> str:
    """What Python calls a service."""
    return service.replace("-", "_")


# What each gate runs


def gate(session: nox.Session, service: str, name: str, *commands: Sequence[str | Path]) -> Gate:
    """Programs of the service's environment, each with its arguments, to run in its folder."""
    programs = environment(session, service)
    lines = [[str(programs / program), *map(str, rest)] for program, *rest in commands]
    return Gate(service, name, folder(service), lines, dict(session.env))


def coverage_folder(session: nox.Session, service: str, server: str = "") -> Path:
    """Where the test gates of (service, Python) leave what they have covered."""
    name = f"{service}-{python_version(session)}{'-postgres' if server else ''}"
    return STATE / "coverage" / name


def gate_of(
    session: nox.Session,
    service: str,
    *gates: str,
    only: Sequence[str] = (),
    server: str = "",
) -> Gate:
    """The tests of some gates, or `only` some of theirs, which leaves no data for `coverage`.

    Nor do those of `contract`. They run on SQLite, or on the PostgreSQL `server` with this URL.
    """
    data = coverage_folder(session, service, server) / f"{'+'.join(gates)}.data"
    results = data.with_suffix(".xml")
    data.unlink(missing_ok=True)
    results.unlink(missing_ok=True)
    counts = not only and {*gates} <= {*TEST_GATES}
    how = ["--cov", "--cov-report="] if counts else only
    command = ["pytest", "-m", " or ".join(gates), f"--junit-xml={results}", *how]
    made = gate(session, service, "+".join(gates), command)
    env = {**made.env, "COVERAGE_FILE": str(data), "TEST_DATABASE_URL": server or None}
    return replace(made, env=env, results=results)


def covered(session: nox.Session, service: str, *origins: Path, server: str = "") -> Gate:
    """The coverage of each layer against its threshold, from the data of all test gates.

    That is the data of one Python, or of all `origins` together. Where a later job will merge it,
    which `MERGE_COVERAGE=true` says, nothing is judged but that it is there.
    """
    later = not origins and os.environ.get("MERGE_COVERAGE") == "true"
    own = coverage_folder(session, service, server)
    target = STATE / "coverage" / service if origins else own
    how = ["--later"] if later else [f"--data={origin}" for origin in origins]
    name = "coverage data" if later else "coverage"
    program = ROOT / "tests/gates/layers.py"
    return gate(session, service, name, ["python", program, target, *TEST_GATES, *how])


def linted(session: nox.Session, service: str, *arguments: str) -> Gate:
    """Style and format."""
    mend = [] if "--fix" in arguments else ["--diff"]
    check, form = ["ruff", "check", *arguments, "."], ["ruff", "format", *mend, "."]
    return gate(session, service, "lint", check, form)


def typed(session: nox.Session, service: str, *arguments: str) -> Gate:
    """Types; all services share a cache, as what mypy knows of the libraries serves each.

    Full paths keep apart in it what two services call the same: `tests/integration/test_health.py`.
    """
    how = [f"--cache-dir={STATE / 'mypy' / 'services'}", "--num-workers=2", *arguments]
    return gate(session, service, "types", ["mypy", *how, *typed_sources(folder(service))])


def bounded(session: nox.Session, service: str) -> Gate:
    """The arrows between the layers, and between the modules."""
    cache = f"--cache-dir={STATE / 'imports' / service}"
    return gate(session, service, "boundaries", ["lint-imports", cache])


def run(session: nox.Session, gate: Gate) -> None:
    """Run the commands of a gate, the first that fails ends the session."""
    session.env.update(gate.env)
    with session.chdir(gate.folder):
        for command in gate.commands:
            session.run(*command, external=True)


def all_tests(session: nox.Session, service: str, server: str = "") -> list[Gate]:
    """The tests of all gates, in parts that take as long."""
    parts = [["integration"], ["unit", "migration", "concurrency"], ["contract"]]
    return [gate_of(session, service, *gates, server=server) for gates in parts]


def checked(session: nox.Session, service: str) -> list[Gate]:
    """What reads the code without running it."""
    return [typed(session, service), bounded(session, service), linted(session, service)]


def prove(session: nox.Session, *services: str) -> None:
    """Run every gate of some services, and end the session when one is red."""
    gates = [
        gate
        for service in services
        for gate in [*all_tests(session, service), *checked(session, service)]
    ]
    run_all(session, gates, [covered(session, service) for service in services])


def run_all(session: nox.Session, gates: Sequence[Gate], later: Sequence[Gate]) -> None:
    """Run gates to their end, red or green, on all cores at once, then those that need them.

    Shows a table, and ends the session when one is red.
    """
    services = [gate.service for gate in later]
    rows = run_together(gates) + run_together(later)
    rows.sort(key=lambda row: services.index(row.service))
    tell(rows)
    if red := [f"{row.gate}({row.service})" for row in rows if not row.green]:
        session.error(f"Red: {', '.join(red)}")


# The gates of a service


@nox.session(allow_parallel=True)
@each(*SERVICES)
def unit(session: nox.Session, service: str) -> None:
    """Test repositories, services, and other code that has its tests beside it."""
    run(session, gate_of(session, service, "unit", only=arguments(session)))


@nox.session(allow_parallel=True)
@each(*SERVICES)
def integration(session: nox.Session, service: str) -> None:
    """Test over HTTP: routers, flows, errors, start and stop."""
    run(session, gate_of(session, service, "integration", only=arguments(session)))


@nox.session(allow_parallel=True)
@each(*SERVICES)
def migration(session: nox.Session, service: str) -> None:
    """Test that the schema goes up and down, equals the models, and keeps the rows."""
    run(session, gate_of(session, service, "migration", only=arguments(session)))


@nox.session(allow_parallel=True)
@each(*SERVICES)
def concurrency(session: nox.Session, service: str) -> None:
    """Test that many clients and processes at once lose nothing."""
    run(session, gate_of(session, service, "concurrency", only=arguments(session)))


@nox.session(allow_parallel=True)
@each(*SERVICES)
def contract(session: nox.Session, service: str) -> None:
    """Test that answers are what OpenAPI says, whatever is asked: made-up requests find out."""
    run(session, gate_of(session, service, "contract", only=arguments(session)))


@nox.session  # never beside others under -j, so that it comes after the test gates
@each(*SERVICES)
def coverage(session: nox.Session, service: str) -> None:
    """Judge the coverage by layer, after the test gates; `-- merge` takes that of all Pythons."""
    if session.posargs not in ([], ["merge"]):
        session.error(f'Say nothing or merge: nox -s "coverage({service})" -- merge')
    pythons = sorted((STATE / "coverage").glob(f"{service}-3.*")) if session.posargs else []
    run(session, covered(session, service, *pythons))


@nox.session(allow_parallel=True)
@each(*SERVICES)
def lint(session: nox.Session, service: str) -> None:
    """Check style and format with ruff; `-- --fix` mends what can be mended."""
    run(session, linted(session, service, *arguments(session)))


@nox.session(allow_parallel=True)
@each(*SERVICES)
def types(session: nox.Session, service: str) -> None:
    """Check types with mypy --strict."""
    run(session, typed(session, service, *arguments(session)))


@nox.session(allow_parallel=True)
@each(*SERVICES)
def boundaries(session: nox.Session, service: str) -> None:
    """Check with import-linter that imports only point down through the layers."""
    run(session, bounded(session, service))


@nox.session
def tests(session: nox.Session) -> None:
    """Run every gate of the named services, or of all; end with a summary."""
    prove(session, *named_services(session))


@nox.session
def postgres(session: nox.Session) -> None:
    """Run the tests of the named services, or of all, on PostgreSQL."""
    services = named_services(session)
    with postgres_server(session) as server:
        gates = [gate for service in services for gate in all_tests(session, service, server)]
        later = [covered(session, service, server=server) for service in services]
        run_all(session, gates, later)


@nox.session
def mutants(session: nox.Session) -> None:
    """Plant known defects, and see a gate catch each; all of them into one service: `-- orders`."""
    services = named_services(session)
    for number, service in enumerate(services):
        programs = environment(session, service)
        others = [] if session.posargs else services[:number]  # which `drift` keeps alike
        run_own(session, "gates/mutants.py", folder(service), programs, *map(folder, others))


# The gates of the repository around them


@nox.session
def drift(session: nox.Session) -> None:
    """Compare each service with what the template renders for its answers: `-- orders`."""
    run_own(session, "gates/drift.py", *session.posargs)


@nox.session
def workflows(session: nox.Session) -> None:
    """Check the workflows of GitHub Actions: security and schema."""
    run_in(session, REPOSITORY, "zizmor", "--offline", "--quiet", ".github")
    files = sorted(ROOT.glob(".github/workflows/*.yml"))
    schema = "--builtin-schema=vendor.github-workflows"
    run_in(session, REPOSITORY, "check-jsonschema", schema, *files)


# Chores


@nox.session
def new(session: nox.Session) -> None:
    """Render a new service or module, and run its gates: `-- orders`, `-- orders/invoices`."""
    if not session.posargs:
        session.error("Say how it is called: nox -s new -- orders, or orders/invoices for a module")
    name, *answers = session.posargs
    if not re.fullmatch(r"[^/\\.]+(/[^/\\.]+)?", name):
        session.error(f"{name!r} is a path: give the name alone, orders or orders/invoices")
    if any(answer.startswith("kind=") for answer in answers):
        kinds = "orders is a service, orders/invoices a module; Copier alone renders repositories"
        session.error(f"Leave kind out: {kinds}")
    service, _, module = name.partition("/")
    what = name if module else f"services/{service}"
    staged = STATE / "new" / service
    shutil.rmtree(staged, ignore_errors=True)
    if module:
        about = about_module(session, service, module)
        staged.mkdir(parents=True)
        shutil.copy(folder(service) / ".copier-answers.yml", staged)
    else:
        about = about_service(session, service)
    run_own(session, "gates/render.py", staged, *about, *answers)
    if module:
        (staged / ".copier-answers.yml").unlink()  # the service's, which a module looks at
    try:
        with added(staged, folder(service)):
            prove(session, service)
    except FileExistsError as error:
        session.error(str(error))
    except BaseException:  # Ctrl-C included: nothing is left half-made
        session.warn(f"{what} is removed again.")
        raise
    for line in what_next(service, module):
        session.log(line)


def what_next(service: str, module: str) -> list[str]:
    """What to tell of a new service or module."""
    if module != ACCESS:
        what = f"{service}/{module}" if module else f"services/{service}"
        return [f"{what} is ready. Start it: nox -s serve -- {service}"]
    own = f"{package_of(service)}_{ACCESS}".upper()
    return [
        f"{service}/{ACCESS} is ready. It needs two settings:",
        f"{own}_IDENTITY_URL   where the identity service is",
        f"{own}_KEY            made there: uv run python -m identity.modules.introspection.new_key",
    ]


def about_service(session: nox.Session, service: str) -> list[str]:
    """What is known of a new service. Ends the session where there can be none of this name."""
    if ROOT in SERVICES.values():
        alone = next(iter(SERVICES))
        session.error(
            f"This repository is the service {alone}; a module: nox -s new -- {alone}/invoices"
        )
    if folder(service).exists():
        session.error(f"services/{service} exists: choose another name, or delete it first")
    return [f"service={service}"]


def about_module(session: nox.Session, service: str, module: str) -> list[str]:
    """What is known of a new module. Ends the session where there can be none of this name."""
    if service not in SERVICES:
        session.error(f"There is no service {service!r}; {there_are()}")
    if any(folder(service).glob(f"src/*/modules/{module}/**/*.py")):
        so = "it knows its callers" if module == ACCESS else "choose another name"
        session.error(f"{service} has a module {module!r} already: {so}")
    if not (record := folder(service) / ".copier-answers.yml").is_file():
        session.error(f"{record.relative_to(ROOT)} is missing: bring it back from git")
    if module == ACCESS:
        return ["kind=access", f"service={service}"]
    head = newest_migration(session, service)
    return ["kind=module", f"service={service}", f"resources={module}", f"head={head}"]


def newest_migration(session: nox.Session, service: str) -> str:
    """The one that the next follows. Ends the session where there are several."""
    alembic = environment(session, service) / "alembic"
    with session.chdir(folder(service)):
        printed = session.run(str(alembic), "heads", external=True, silent=True, log=False)
    heads = re.findall(r"^(\S+) .*\(head\)", str(printed), re.MULTILINE)
    if len(heads) != 1:
        merge = 'in its folder, run `uv run alembic merge heads -m "merge"`'
        session.error(f"{service} has {len(heads)} heads of migrations, make them one: {merge}")
    return str(heads[0])


@nox.session
def sync(session: nox.Session) -> None:
    """Put the template's files back where `drift` shows that they differ: `-- orders`."""
    run_own(session, "gates/sync.py", *session.posargs)


@nox.session
def update(session: nox.Session) -> None:
    """Take a service to the newest template, or to another version of it: `-- orders v1.2.0`."""
    run_own(session, "gates/update.py", *session.posargs)


@nox.session
def serve(session: nox.Session) -> None:
    """Bring a service's development database to head and serve it, with reload: `-- orders`."""
    service = one_service(session, "serve -- <service>")
    newest_migration(session, service)
    run_in(session, service, "alembic", "upgrade", "head")
    package = package_of(service)
    session.env[f"{package.upper()}_LOG_JSON"] = "false"
    run_in(session, service, "python", "-m", f"{package}.main", "--reload")


@nox.session
def migrate(session: nox.Session) -> None:
    """Write a service's next migration from its models: `-- orders "add colour"`."""
    service = one_service(session, 'migrate -- <service> "<message>"')
    if len(session.posargs) != 2 or not session.posargs[1].strip():  # noqa: PLR2004 - name, message
        session.error(f'Say what changes: nox -s migrate -- {service} "add colour"')
    newest_migration(session, service)
    prefix = package_of(service).upper()
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite+aiosqlite:///{Path(scratch, 'empty.db').as_posix()}"
        session.env[f"{prefix}_DATABASE_URL"] = url
        run_in(session, service, "alembic", "upgrade", "head")
        run_in(session, service, "alembic", "revision", "--autogenerate", "-m", session.posargs[1])


@nox.session
def move(session: nox.Session) -> None:
    """Copy a service's SQLite database into an empty PostgreSQL: `-- orders <database URL>`."""
    usage = "move -- <service> postgresql+asyncpg://<user>:<password>@<host>/<database>"
    service = one_service(session, usage)
    if len(session.posargs) != 2:  # noqa: PLR2004 - service, URL
        session.error(f"Say where to: nox -s {usage}")
    session.env["MOVE_TO"] = session.posargs[1]  # it holds a password, which Nox would print
    program = ROOT / "tests/gates/move.py"
    run_in(session, service, "python", program, package_of(service), "MOVE_TO")


@nox.session
def matrix(session: nox.Session) -> None:
    """Print the jobs for GitHub Actions; `-- <base>` leaves out what the change did not touch."""
    own = [name for name in nox.options.sessions or () if name not in {"tests", "postgres"}]
    run_own(session, "gates/matrix.py", " ".join(own), *session.posargs)


if (ROOT / "tests" / "sessions.py").exists():
    import sessions  # noqa: F401 - this repository's own, which join those above


if __name__ == "__main__":
    nox.main()

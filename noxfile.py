#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2026.8.10"]
# ///
"""The gates and chores of this repository. Services are discovered automatically.

nox                              what CI runs
nox -s tests -- orders           every gate of one service (without a name: of all, and platform)
nox -s "unit(orders)" -- -x      one gate of one service, with arguments for pytest
nox -t orders                    the gates of one service, a session each
nox -t plumbline                 those of the platform
nox -P 3.12 -s tests             with another Python
nox -s new -- orders             a new service, rendered and proved (in a monorepo)
nox -s new -- orders/invoices    one more module of a service, the same way
nox -s new -- orders/access      a service that authenticates callers: it asks identity
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
    relock_all,
    run_in,
    run_own,
)
from gates.postgres import postgres_server  # noqa: E402 - the same
from gates.services import (  # noqa: E402 - the same
    PROJECTS,
    REPOSITORY,
    SERVICES,
    STATE,
    find_platform,
    list_services,
    typed_sources,
)
from gates.together import Gate, Row, print_table, run_together  # noqa: E402 - the same

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "none"  # uv makes the environments: environment()
nox.options.error_on_external_run = True
nox.options.sessions = ["workflows", "drift", "tests", "postgres"]

Session = TypeVar("Session", bound=Callable[..., None])
ACCESS = "access"  # the module that the template has beside those that keep something
TEST_GATES = ("unit", "integration", "migration", "concurrency")  # those whose coverage counts:
# `contract` sends what no test has thought of, and would hide a layer that is not tested


def each(*names: str) -> Callable[[Session], Session]:
    """Make one session for each name, which is also its tag."""
    every = [nox.param(name, id=name, tags=[name]) for name in names]
    return cast("Callable[[Session], Session]", nox.parametrize("project", every))


# What the sessions are made of


def named_projects(session: nox.Session) -> list[str]:
    """Return the services named behind `--`, or all of them after the platform."""
    for name in session.posargs:
        if name not in PROJECTS:
            session.error(f"There is no service {name!r}; {list_services()}")
    if not SERVICES:
        session.log(f"There is no service to test: {list_services()}")
    return list(session.posargs) or [*PROJECTS]


def one_service(session: nox.Session, usage: str) -> str:
    """Return the service named first behind `--`."""
    if not session.posargs or session.posargs[0] not in SERVICES:
        session.error(f"Name a service: nox -s {usage}; {list_services()}")
    return session.posargs[0]


def arguments(session: nox.Session) -> list[str]:
    """Return the arguments after `--`; reject a service name."""
    if session.posargs and session.posargs[0] in PROJECTS:
        name, own = session.posargs[0], re.split(r"\W", session.name)[0]
        session.error(f'{name!r} is a service: write nox -s "{own}({name})"')
    return session.posargs


def package_of(service: str) -> str:
    """Return the name of a service's Python package."""
    return service.replace("-", "_")


# What each gate runs


def command_gate(
    session: nox.Session,
    project: str,
    name: str,
    *commands: Sequence[str | Path],
    place: Path | None = None,
) -> Gate:
    """Return a gate of programs, each with its arguments, that run in the project's folder.

    Or in `place`, a copy of the project.
    """
    programs = environment(session, project)
    lines = [[str(programs / program), *map(str, rest)] for program, *rest in commands]
    env = dict(session.env)
    if place:
        env["PYTHONPATH"] = str(place / "src")
    return Gate(project, name, place or folder(project), lines, env)


def coverage_folder(
    session: nox.Session, project: str, server: str = "", place: Path | None = None
) -> Path:
    """Return where the test gates of (project, Python) leave their coverage data."""
    owner = place.name if place else project
    name = f"{owner}-{python_version(session)}{'-postgres' if server else ''}"
    return STATE / "coverage" / name


def pytest_gate(
    session: nox.Session,
    project: str,
    *gates: str,
    only: Sequence[str] = (),
    server: str = "",
    place: Path | None = None,
) -> Gate:
    """Return the tests of some gates, or `only` some of them, which leave no coverage data.

    Nor do those of `contract`. They run on SQLite, or on the PostgreSQL `server` with this URL.
    """
    data = coverage_folder(session, project, server, place) / f"{'+'.join(gates)}.data"
    results = data.with_suffix(".xml")
    data.unlink(missing_ok=True)
    results.unlink(missing_ok=True)
    counts = not only and {*gates} <= {*TEST_GATES}
    how = ["--cov", "--cov-report="] if counts else only
    command = ["pytest", "-m", " or ".join(gates), f"--junit-xml={results}", *how]
    made = command_gate(session, project, "+".join(gates), command, place=place)
    env = {**made.env, "COVERAGE_FILE": str(data), "TEST_DATABASE_URL": server or None}
    return replace(made, env=env, results=results)


def coverage_gate(
    session: nox.Session,
    project: str,
    *origins: Path,
    server: str = "",
    place: Path | None = None,
) -> Gate:
    """Return the comparison of each layer's coverage with its threshold, from all test gates.

    That is the data of one Python, or of all `origins` together. Where a later job will merge it,
    which `MERGE_COVERAGE=true` says, only its presence is checked.
    """
    later = not origins and os.environ.get("MERGE_COVERAGE") == "true"
    own = coverage_folder(session, project, server, place)
    target = STATE / "coverage" / project if origins else own
    how = ["--later"] if later else [f"--data={origin}" for origin in origins]
    name = "coverage data" if later else "coverage"
    program = ROOT / "tests/gates/layers.py"
    command: list[str | Path] = ["python", program, target, *TEST_GATES, *how]
    return command_gate(session, project, name, command, place=place)


def lint_gate(
    session: nox.Session, project: str, *arguments: str, place: Path | None = None
) -> Gate:
    """Return the check of style and format."""
    fix = [] if "--fix" in arguments else ["--diff"]
    check, form = ["ruff", "check", *arguments, "."], ["ruff", "format", *fix, "."]
    return command_gate(session, project, "lint", check, form, place=place)


def type_gate(
    session: nox.Session, project: str, *arguments: str, place: Path | None = None
) -> Gate:
    """Return the check of types; all projects share a cache of what mypy knows of the libraries.

    Full paths keep apart in it what two services call the same: `tests/contract/test_contract.py`.
    """
    how = [f"--cache-dir={STATE / 'mypy' / 'services'}", *arguments]
    sources = typed_sources(place or folder(project))
    return command_gate(session, project, "types", ["mypy", *how, *sources], place=place)


def boundary_gate(session: nox.Session, project: str, place: Path | None = None) -> Gate:
    """Return the check of imports, between the layers and between the modules."""
    cache = f"--cache-dir={STATE / 'imports' / (place or folder(project)).name}"
    return command_gate(session, project, "boundaries", ["lint-imports", cache], place=place)


def run(session: nox.Session, gate: Gate) -> None:
    """Run the commands of a gate; the first that fails ends the session."""
    session.env.update(gate.env)
    with session.chdir(gate.folder):
        for command in gate.commands:
            session.run(*command, external=True)


def gates_with_tests(
    session: nox.Session, project: str, server: str = "", place: Path | None = None
) -> list[Gate]:
    """Return the tests of all gates in two parts that take about as long: one for each core.

    Each part starts pytest, and imports the service, once.
    """
    parts = [["concurrency", "unit", "integration", "migration"], ["contract"]]
    return [pytest_gate(session, project, *gates, server=server, place=place) for gates in parts]


def static_gates(session: nox.Session, project: str, place: Path | None = None) -> list[Gate]:
    """Return the gates that read the code without running it."""
    return [
        type_gate(session, project, place=place),
        boundary_gate(session, project, place=place),
        lint_gate(session, project, place=place),
    ]


def run_gates(session: nox.Session, *projects: str) -> None:
    """Run every gate of some projects, and end the session when one is red."""
    gates = [
        gate
        for project in projects
        for gate in [*gates_with_tests(session, project), *static_gates(session, project)]
    ]
    run_all(session, gates, [coverage_gate(session, project) for project in projects])


def run_all(session: nox.Session, gates: Sequence[Gate], later: Sequence[Gate]) -> None:
    """Run gates to their end, then those that need them; end the session when one is red."""
    if red := red_gates(gates, later):
        session.error(f"Red: {', '.join(red)}")


def red_gates(gates: Sequence[Gate], later: Sequence[Gate]) -> list[str]:
    """Run gates to their end, red or green, on all cores at once, then those that need them.

    Print a table, and return the red ones.
    """
    projects = [gate.service for gate in later]
    rows: list[Row] = run_together(gates) + run_together(later)
    rows.sort(key=lambda row: projects.index(row.service))
    print_table(rows)
    return [f"{row.gate}({row.service})" for row in rows if not row.green]


# The gates of a service


@nox.session(allow_parallel=True)
@each(*PROJECTS)
def unit(session: nox.Session, project: str) -> None:
    """Test repositories, services, and other code that has its tests beside it."""
    run(session, pytest_gate(session, project, "unit", only=arguments(session)))


@nox.session(allow_parallel=True)
@each(*PROJECTS)
def integration(session: nox.Session, project: str) -> None:
    """Test over HTTP: routers, flows, errors, start and stop."""
    run(session, pytest_gate(session, project, "integration", only=arguments(session)))


@nox.session(allow_parallel=True)
@each(*PROJECTS)
def migration(session: nox.Session, project: str) -> None:
    """Test that the schema goes up and down, equals the models, and keeps the rows."""
    run(session, pytest_gate(session, project, "migration", only=arguments(session)))


@nox.session(allow_parallel=True)
@each(*PROJECTS)
def concurrency(session: nox.Session, project: str) -> None:
    """Test that many clients and processes at once lose nothing."""
    run(session, pytest_gate(session, project, "concurrency", only=arguments(session)))


@nox.session(allow_parallel=True)
@each(*PROJECTS)
def contract(session: nox.Session, project: str) -> None:
    """Test that responses are what OpenAPI says, whatever is sent: requests are made up."""
    run(session, pytest_gate(session, project, "contract", only=arguments(session)))


@nox.session  # never beside others under -j, so that it comes after the test gates
@each(*PROJECTS)
def coverage(session: nox.Session, project: str) -> None:
    """Check the coverage by layer, after the test gates; `-- merge` takes that of all Pythons."""
    if session.posargs not in ([], ["merge"]):
        session.error(f'Say nothing or merge: nox -s "coverage({project})" -- merge')
    pythons = sorted((STATE / "coverage").glob(f"{project}-3.*")) if session.posargs else []
    run(session, coverage_gate(session, project, *pythons))


@nox.session(allow_parallel=True)
@each(*PROJECTS)
def lint(session: nox.Session, project: str) -> None:
    """Check style and format with ruff; `-- --fix` fixes what it can."""
    run(session, lint_gate(session, project, *arguments(session)))


@nox.session(allow_parallel=True)
@each(*PROJECTS)
def types(session: nox.Session, project: str) -> None:
    """Check types with mypy --strict."""
    run(session, type_gate(session, project, *arguments(session)))


@nox.session(allow_parallel=True)
@each(*PROJECTS)
def boundaries(session: nox.Session, project: str) -> None:
    """Check with import-linter that imports only point down through the layers."""
    if session.posargs:
        arguments(session)
    run(session, boundary_gate(session, project))


@nox.session
def tests(session: nox.Session) -> None:
    """Run every gate of the named services, or of all and the platform; end with a summary."""
    run_gates(session, *named_projects(session))


@nox.session
def postgres(session: nox.Session) -> None:
    """Run the tests of the named services, or of all and the platform, on PostgreSQL."""
    projects = named_projects(session)
    with postgres_server(session) as server:
        gates = [
            gate for project in projects for gate in gates_with_tests(session, project, server)
        ]
        later = [coverage_gate(session, project, server=server) for project in projects]
        run_all(session, gates, later)


@nox.session
def mutants(session: nox.Session) -> None:
    """Apply known defects, and see a gate catch each: of the platform, and of one service."""
    projects = named_projects(session)
    for number, project in enumerate(projects):
        programs = environment(session, project)
        others = [] if session.posargs else projects[:number]  # which have the same code
        run_own(session, "gates/mutants.py", folder(project), programs, *map(folder, others))


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
    service, module, answers = name_and_answers(session)
    what = f"{service}/{module}" if module else f"services/{service}"
    staged = render_new(session, service, module, answers)
    files = [path.relative_to(staged) for path in staged.rglob("*") if path.is_file()]
    session.log(f"{what}: {rendered_resource(staged)}")
    try:
        with added(staged, folder(service)):  # Ctrl-C takes it away again
            red = gates_of_new(session, service)
    except FileExistsError as error:
        session.error(str(error))
    except BaseException:
        session.warn(f"{what} is removed again.")
        raise
    if red and module and not (red := newly_red(session, service, red, files)):
        session.warn(f"{service} was red before {module} came, and is no worse now.")
    if red:
        remove = "remove its files, which git status shows" if module else f"delete {what}"
        go_on = f"fix them, then nox -s tests -- {service}; or {remove}, and start again"
        session.error(f"{what} is kept, though gates are red: {', '.join(red)}. To go on: {go_on}")
    for line in next_steps(service, module):
        session.log(line)


def name_and_answers(session: nox.Session) -> tuple[str, str, list[str]]:
    """Return the service, the module (empty for a new service) and the answers behind `--`."""
    if not session.posargs:
        session.error("Give it a name: nox -s new -- orders, or orders/invoices for a module")
    name, *answers = session.posargs
    if not re.fullmatch(r"[^/\\.]+(/[^/\\.]+)?", name):
        session.error(f"{name!r} is a path: give the name alone, orders or orders/invoices")
    if any(answer.startswith("kind=") for answer in answers):
        kinds = "orders is a service, orders/invoices a module; Copier alone renders repositories"
        session.error(f"Leave kind out: {kinds}")
    service, _, module = name.partition("/")
    return service, module, answers


def render_new(session: nox.Session, service: str, module: str, answers: Sequence[str]) -> Path:
    """Render a service, or one more module of it, into a folder of its own; return that folder."""
    staged = STATE / "new" / service
    shutil.rmtree(staged, ignore_errors=True)
    if not module:
        known = answers_for_service(session, service)
        run_own(session, "gates/render.py", staged, *known, *answers)
        return staged
    known = answers_for_module(session, service, module)
    staged.mkdir(parents=True)
    shutil.copy(folder(service) / ".copier-answers.yml", staged)  # which a module looks at
    run_own(session, "gates/render.py", staged, *known, *answers)
    (staged / ".copier-answers.yml").unlink()
    return staged


def gates_of_new(session: nox.Session, service: str, place: Path | None = None) -> list[str]:
    """Run every gate of a service, or of its copy in `place`; return the red ones.

    The tests of load and contract send fewer requests than in `tests`.
    """
    session.env["PLUMBLINE_BRIEF"] = "true"
    gates = [
        *gates_with_tests(session, service, place=place),
        *static_gates(session, service, place),
    ]
    return red_gates(gates, [coverage_gate(session, service, place=place)])


def newly_red(
    session: nox.Session, service: str, red: Sequence[str], files: Sequence[Path]
) -> list[str]:
    """Return the gates that are green without these files of a service."""
    session.warn(f"Red: {', '.join(red)}. The same gates without the new module, to compare:")
    before = STATE / f"before-{service}"  # as deep as services/: relative paths lead on
    shutil.rmtree(before, ignore_errors=True)
    ignored = shutil.ignore_patterns(".venv", "__pycache__", ".*_cache", "*.db*")
    shutil.copytree(folder(service), before, ignore=ignored)
    try:
        for file in files:
            (before / file).unlink(missing_ok=True)
        for module in {before / file.parent for file in files}:
            if module.is_dir() and not any(module.iterdir()):
                module.rmdir()
        was_red = gates_of_new(session, service, before)
    finally:
        shutil.rmtree(before, ignore_errors=True)
    return [gate for gate in red if gate not in was_red]


def rendered_resource(staged: Path) -> str:
    """Return what was rendered, and how to choose another name."""
    records = sorted(staged.glob(".copier-answers*.yml"), key=lambda path: len(path.name))
    text = "".join(path.read_text(encoding="utf-8") for path in records)
    found = dict(re.findall(r"^(\w+): (.+)$", text, re.MULTILINE))
    if "resources" not in found:
        return "a module that authenticates callers"
    if "resource" not in found:
        return f"the module {found['resources']}, with one URL to begin with"
    return (
        f"the module {found['resources']}, each of which is called {found['resource']}"
        " (choose with resource=… and resources=…)"
    )


def next_steps(service: str, module: str) -> list[str]:
    """Return what to do with a new service or module."""
    if module != ACCESS:
        what = f"{service}/{module}" if module else f"services/{service}"
        docs = "its API docs are at http://127.0.0.1:8000/docs then"
        return [f"{what} is ready. Start it: nox -s serve -- {service}", docs]
    own = f"{package_of(service)}_{ACCESS}".upper()
    return [
        f"{service}/{ACCESS} is ready. It needs two settings:",
        f"{own}_IDENTITY_URL   where the identity service is",
        f"{own}_KEY            made there: uv run python -m identity.modules.introspection.new_key",
    ]


def answers_for_service(session: nox.Session, service: str) -> list[str]:
    """Return the answers for a new service. Ends the session where the name is not possible."""
    if ROOT in SERVICES.values():
        alone = next(iter(SERVICES))
        session.error(
            f"This repository is the service {alone}; a module: nox -s new -- {alone}/invoices"
        )
    if service in PROJECTS and service not in SERVICES:
        session.error(f"{service} is the platform: choose another name")
    if folder(service).exists():
        session.error(f"services/{service} exists: choose another name, or delete it first")
    if (platform := find_platform(ROOT)) is None:
        session.error("There is no platform in this repository: bring plumbline/ back from git")
    seen_from = f"../../{platform.relative_to(ROOT).as_posix()}"
    return [f"service={service}", "kind=service", f"platform={seen_from}"]


def answers_for_module(session: nox.Session, service: str, module: str) -> list[str]:
    """Return the answers for a new module. Ends the session where the name is not possible."""
    if service not in SERVICES:
        session.error(f"There is no service {service!r}; {list_services()}")
    if any(folder(service).glob(f"src/*/modules/{module}/**/*.py")):
        so = "it authenticates callers" if module == ACCESS else "choose another name"
        session.error(f"{service} has a module {module!r} already: {so}")
    if not (record := folder(service) / ".copier-answers.yml").is_file():
        session.error(f"{record.relative_to(ROOT)} is missing: bring it back from git")
    if module == ACCESS:
        return ["kind=access", f"service={service}"]
    head = newest_migration(session, service)
    return ["kind=module", f"service={service}", f"resources={module}", f"head={head}"]


def newest_migration(session: nox.Session, service: str) -> str:
    """Return the migration that the next follows. Ends the session where there are several."""
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
    """Take the newest template, or another version: `-- orders v1.2.0`; a monorepo as a whole."""
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
        session.error(f"Name the new database: nox -s {usage}")
    session.env["MOVE_TO"] = session.posargs[1]  # it holds a password, which Nox would print
    run_in(session, service, "python", "-m", "plumbline.move", package_of(service), "MOVE_TO")


@nox.session
def relock(session: nox.Session) -> None:
    """Lock every service again, after a change of its dependencies or of the platform's."""
    for project, changed in relock_all(session):
        session.log(f"{project}: {'locked again' if changed else 'nothing to do'}")


@nox.session
def matrix(session: nox.Session) -> None:
    """Print the jobs for GitHub Actions; `-- <base>` leaves out what the change did not touch."""
    own = [name for name in nox.options.sessions or () if name not in {"tests", "postgres"}]
    run_own(session, "gates/matrix.py", " ".join(own), *session.posargs)


if (ROOT / "tests" / "sessions.py").exists():
    import sessions  # noqa: F401 - this repository's own, which join those above


if __name__ == "__main__":
    nox.main()

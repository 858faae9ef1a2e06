"""The sessions of this repository alone, beside those that every repository has: noxfile.py."""

import nox

from gates.environment import environment, run_in, run_own, uv
from gates.postgres import postgres_server
from gates.services import REPOSITORY, SERVICES, STATE

nox.options.sessions = [
    *("repository", "workflows", "drift", "tests", "postgres"),
    *("workflow_tests", "docs", "template", "mutants"),
]


SIDE_BY_SIDE = ("--numprocesses=auto", "--maxprocesses=4", "--dist=loadgroup")


def run_tests(session: nox.Session, folder: str) -> None:
    """Run tests of the repository on all cores, or as the arguments after `--` say."""
    how = session.posargs or SIDE_BY_SIDE
    run_in(session, REPOSITORY, "pytest", folder, *how)


@nox.session
def repository(session: nox.Session) -> None:
    """Check style, format and types of noxfile.py and tests/; `-- --fix` fixes what it can."""
    mend = [] if "--fix" in session.posargs else ["--diff"]
    for what in (["tests"], ["--config=tests/ruff.toml", "noxfile.py"]):
        run_in(session, REPOSITORY, "ruff", "check", *session.posargs, *what)
        run_in(session, REPOSITORY, "ruff", "format", *mend, *what)
    cache = f"--cache-dir={STATE / 'mypy' / REPOSITORY}"
    run_in(session, REPOSITORY, "mypy", "--config-file=tests/mypy.ini", cache)


@nox.session
def template(session: nox.Session) -> None:
    """Test the template and the sessions: names, renders, updates, gates that must turn red."""
    run_tests(session, "tests/template")


@nox.session
def workflow_tests(session: nox.Session) -> None:
    """Test the workflows: what needs what, which sessions they call, what a change selects."""
    run_tests(session, "tests/workflows")


@nox.session
def docs(session: nox.Session) -> None:
    """Check that README and docs/ are complete, and that their commands work."""
    run_tests(session, "tests/docs")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure, side by side, and print a table with ratios."""
    for service in {"catalog", "identity"} & SERVICES.keys():
        environment(session, service)
    with postgres_server(session) as server:
        session.env["TEST_DATABASE_URL"] = server
        run_own(session, "bench", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Lock the newest libraries that fit: for the platform, the template and the gates."""
    run_own(session, "lock.py", uv(), "--upgrade")

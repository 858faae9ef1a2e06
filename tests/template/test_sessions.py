"""The sessions of the noxfile: what they run, what they print, and what they leave behind."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from .conftest import GATES, Run, call, free_port

PATIENCE = 60  # seconds to wait for what must come; never reached when all is well
SERVICE = Path("services", "catalog")
PLATFORM = Path("template", "plumbline")
PRODUCTS = SERVICE / "src/catalog/modules/products"
VERSIONS = SERVICE / "src/catalog/migrations/versions"


def messages(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what a failed session printed, without Nox's own lines about it."""
    assert "Traceback" not in done.stdout + done.stderr
    return [*done.stdout.splitlines(), *reasons(done)]


def reasons(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return why sessions failed, without how long they took."""
    ended = r"^nox > Session \S+ (?:aborted|skipped): (.*)$"
    found = re.findall(ended, done.stderr, re.MULTILINE)
    return [re.sub(r" \(took [^)]*\)(?=\.?$)", "", reason) for reason in found]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@contextlib.contextmanager
def running(repository: Path, *arguments: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Run Nox in a process group of its own, as in a terminal; kill what is left of it."""
    with subprocess.Popen(
        [sys.executable, "-m", "nox", *arguments],
        cwd=repository,
        env=os.environ | env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


# What is not there


@pytest.mark.parametrize("session", ["tests", "serve", "migrate"])
def test_an_unknown_service_gets_one_sentence_that_names_those_there_are(
    nox: Run,
    session: str,
) -> None:
    refused = nox("-s", session, "--", "nowhere")

    assert refused.returncode == 1
    [sentence] = messages(refused)
    assert re.search(r"[Tt]here are: catalog\.$", sentence)


def test_without_a_service_the_way_to_make_one_is_shown(repository: Path, nox: Run) -> None:
    shutil.rmtree(repository / SERVICE)

    refused = nox("-s", "serve")

    assert refused.returncode == 1
    [sentence] = messages(refused)
    assert "nox -s new -- orders" in sentence


@pytest.mark.parametrize("ci", [False, True])
def test_a_missing_python_is_skipped_here_and_fails_in_ci(nox: Run, *, ci: bool) -> None:
    session = ["-P", "3.99", "-s", "unit(catalog)"]

    ended = nox(*session, CI="true") if ci else nox(*session)

    assert ended.returncode == (1 if ci else 0)
    [sentence] = messages(ended)
    assert sentence.startswith("There is no Python 3.99 here: install it")


def test_uv_is_brought_along_where_there_is_none(nox: Run) -> None:
    tested = nox("-s", "boundaries(catalog)", PATH=os.defpath)

    assert tested.returncode == 0, tested.stderr


# A new service


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "nox -s new -- orders"),
        (["catalog"], "services/catalog exists"),
        (["plumbline"], "plumbline is the platform: choose another name"),
        (["Orders"], "must be lower-case"),
        (["json"], "json-service"),
        (["orders", "resource"], "resource=order"),
        (["orders", "-d", "resource=string"], "cannot be called 'string'"),
        (["orders", "resurce=order"], "resurce"),
        (["orders", "service=other"], "two answers to 'service'"),
        (["orders", "kind=standalone"], "Leave kind out: orders is a service"),
        (["orders", "-d", "kind=monorepo"], "Leave kind out: orders is a service"),
    ],
    ids=repr,
)
def test_a_service_that_cannot_be_made_gets_one_sentence_and_leaves_nothing(
    repository: Path,
    nox: Run,
    arguments: list[str],
    reason: str,
) -> None:
    refused = nox("-s", "new", "--", *arguments)

    assert refused.returncode == 1
    [sentence] = messages(refused)
    assert reason in sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert [path.name for path in (repository / "services").iterdir()] == ["catalog"]


@pytest.mark.parametrize("name", ["../../services", "../envs", "services/orders"])
def test_a_name_that_is_a_path_destroys_nothing(repository: Path, nox: Run, name: str) -> None:
    for folder in ("envs", "new"):
        (repository / ".nox" / folder).mkdir(exist_ok=True)

    refused = nox("-s", "new", "--", name)

    assert refused.returncode == 1
    assert len(messages(refused)) == 1
    assert (repository / SERVICE / "pyproject.toml").is_file()
    assert (repository / ".nox" / "envs").is_dir()


def test_ctrl_c_leaves_no_half_made_service_and_no_process(repository: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    with running(repository, "-s", "new", "--", "halfway") as process:
        while not (repository / "services/halfway/src/halfway/__pycache__").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline, "the gates did not start"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        with pytest.raises(ProcessLookupError):
            while time.monotonic() < deadline:
                os.killpg(process.pid, 0)  # asks whether there is one
                time.sleep(0.05)

    assert process.returncode != 0
    assert not (repository / "services/halfway").exists()


def test_new_service_whose_gates_are_red_is_kept_and_the_way_on_is_shown(
    repository: Path, nox: Run
) -> None:
    with (repository / "template/src/{{package}}/app.py.jinja").open("a") as file:
        file.write("0 = 1\n")  # no gate takes long about it

    made = nox("-s", "new", "--", "orders")

    assert made.returncode == 1
    for gate in ("lint", "types", "unit"):
        assert re.search(rf"^orders +\S*{gate}\S* +RED", made.stdout, re.MULTILINE)
    [reason] = reasons(made)
    assert reason.startswith("services/orders is kept, though gates are red: ")
    assert reason.endswith(
        " To go on: fix them, then nox -s tests -- orders;"
        " or delete services/orders, and start again."
    )
    assert (repository / "services/orders/uv.lock").is_file()
    assert not list((repository / ".nox" / "new").iterdir())


# Environments


def environments(repository: Path) -> set[str]:
    """Return for which services there are environments."""
    folders = (repository / ".nox" / "envs").glob("*/pyvenv.cfg")
    return {folder.parent.name.rpartition("-")[0] for folder in folders}


def render_service(repository: Path, name: str) -> Path:
    """Render a service from the template of a copy of the repository, without its gates."""
    service = repository / "services" / name
    answers = (f"service={name}", "kind=service", "platform=../../template/plumbline")
    script = repository / "tests/gates/render.py"
    made = call(repository, sys.executable, script, service, *answers, env={})
    assert made.returncode == 0, made.stderr
    return service


def test_services_share_an_environment_until_their_dependencies_differ(
    repository: Path, nox: Run
) -> None:
    service = render_service(repository, "sharing")
    gates = ["-s", "boundaries(catalog)", "boundaries(sharing)"]
    assert nox(*gates).returncode == 0
    assert "sharing" not in environments(repository)

    replace(service / "pyproject.toml", "dependencies = [", 'dependencies = ["packaging",')
    stale = nox(*gates)
    assert stale.returncode == 1
    assert "The lock file of sharing is stale: run nox -s relock." in reasons(stale)

    relocked = nox("-s", "relock")
    assert "sharing: locked again" in relocked.stderr
    assert "catalog: nothing to do" in relocked.stderr
    assert nox(*gates).returncode == 0
    assert "sharing" in environments(repository)


def test_changed_dependency_of_the_platform_is_relocked_everywhere(
    repository: Path, nox: Run
) -> None:
    service = render_service(repository, "orders")
    locks = [repository / PLATFORM, repository / SERVICE, service]
    before = [(project / "uv.lock").read_bytes() for project in locks]
    replace(repository / PLATFORM / "pyproject.toml", '"alembic>=1.20"', '"alembic>=1.19"')
    gates = [f"boundaries({project.name})" for project in locks]

    for gate, project in zip(gates, locks, strict=True):
        stale = nox("-s", gate)
        assert stale.returncode == 1
        message = f"The lock file of {project.name} is stale: run nox -s relock."
        assert reasons(stale) == [message]

    relocked = nox("-s", "relock")

    assert relocked.returncode == 0, relocked.stderr
    assert relocked.stderr.count(": locked again") == len(locks)
    after = [(project / "uv.lock").read_bytes() for project in locks]
    assert not {*before} & {*after}
    assert nox("-s", *gates).returncode == 0
    new = render_service(repository, "more")  # from a template that is locked again, too
    assert nox("-s", f"boundaries({new.name})").returncode == 0


# Gates


def test_gates_that_fail_make_the_run_fail_and_are_red_in_the_tables(
    repository: Path,
    nox: Run,
    tmp_path: Path,
) -> None:
    service = repository / SERVICE
    (service / "src/catalog/test_planted.py").write_text("def test_fails():\n    assert not 1\n")
    for path in [*service.glob("tests/concurrency/*.py"), *service.glob("tests/contract/*.py")]:
        path.unlink()
    replace(service / "pyproject.toml", 'router.py"], at-least = 80', 'router.py"], at-least = 101')
    page = tmp_path / "summary.md"

    tested = nox("-s", "tests", "--", "catalog", GITHUB_STEP_SUMMARY=str(page))

    assert tested.returncode == 1
    assert set(re.findall(r"^catalog +(\w+) +RED", tested.stdout, re.MULTILINE)) == {
        "unit",
        "concurrency",
        "contract",
        "types",
        "lint",
        "coverage",
    }
    assert re.search(r"^catalog +unit +RED .* 1 failed", tested.stdout, re.MULTILINE)
    assert re.search(r"^catalog +concurrency +RED .* no test$", tested.stdout, re.MULTILINE)
    assert re.search(r"^catalog +integration +green", tested.stdout, re.MULTILINE)
    assert "unit(catalog)" in tested.stderr
    assert "| catalog | unit | RED |" in page.read_text()
    assert re.search(r"\| repository \| *[\d.]+ % \| at least 90 % \| green \|", page.read_text())


def test_one_gate_judges_no_coverage_and_coverage_alone_says_what_to_run(
    repository: Path,
    nox: Run,
) -> None:
    alone = nox("-s", "coverage(catalog)")
    unit = nox("-s", "unit(catalog)")
    after_unit = nox("-s", "coverage(catalog)")
    (repository / PRODUCTS / "models.py").touch()
    after_a_change = nox("-s", "coverage(catalog)")

    assert (alone.returncode, unit.returncode, after_unit.returncode) == (1, 0, 1)
    assert messages(alone) == [
        "There is no data newer than the code: run concurrency, integration, migration, unit first."
    ]
    assert "at least" not in unit.stdout
    assert messages(after_unit) == [
        "There is no data newer than the code: run concurrency, integration, migration first."
    ]
    assert messages(after_a_change) == messages(alone)


def test_arguments_behind_two_dashes_go_to_pytest(nox: Run) -> None:
    selected = nox("-s", "unit(plumbline)", "--", "-k", "place_of_a_file", "-x", "-q")

    assert selected.returncode == 0, selected.stdout
    assert re.search(r"^9 passed, \d+ deselected", selected.stdout, re.MULTILINE)


@pytest.mark.parametrize("gate", ["unit", "lint", "types", "boundaries"])
def test_service_name_after_the_dashes_of_a_gate_gets_the_right_command(
    nox: Run, gate: str
) -> None:
    refused = nox("-s", f"{gate}(catalog)", "--", "catalog")

    assert refused.returncode == 1
    assert messages(refused) == [f"'catalog' is a service: write nox -s \"{gate}(catalog)\"."]


@pytest.mark.parametrize("project", ["catalog", "plumbline"])
def test_project_is_a_tag_that_selects_its_gates(nox: Run, project: str) -> None:
    listed = nox("-t", project, "--list").stdout

    selected = set(re.findall(r"^\* (\S+)", listed, re.MULTILINE))
    assert selected == {f"{gate}({project})" for gate in GATES}


def test_platform_has_every_gate_of_its_own(repository: Path, nox: Run) -> None:
    with (repository / PLATFORM / "src/plumbline/errors.py").open("a") as file:
        file.write("0 = 1\n")  # no gate takes long about it

    tested = nox("-s", "tests", "--", "plumbline")

    assert tested.returncode == 1
    [reason] = reasons(tested)
    red = re.findall(r"(\S+)\(plumbline\)", reason)
    assert {gate for each in red for gate in each.split("+")} == GATES


def test_every_session_has_a_sentence_of_help(nox: Run) -> None:
    listed = nox("--list").stdout

    sessions = re.findall(r"^[*-] (\S+)(?: \[\w+\])?(?: -> (.+))?$", listed, re.MULTILINE)
    assert len(sessions) > 20
    assert [name for name, sentence in sessions if not sentence] == []


def test_a_changed_file_of_the_templates_is_shown_as_drift(repository: Path, nox: Run) -> None:
    replace(repository / SERVICE / "Dockerfile", "STOPSIGNAL SIGTERM", "STOPSIGNAL SIGINT")

    drifted = nox("-s", "drift")

    assert drifted.returncode == 1
    assert "service: services/catalog/Dockerfile" in drifted.stdout
    assert "+STOPSIGNAL SIGINT" in drifted.stdout
    assert "1 file drifted" in drifted.stdout


# Chores


def test_serve_makes_the_database_logs_the_address_and_answers(repository: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with running(repository, "-s", "serve", "--", "catalog", CATALOG_PORT=str(port)) as process:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if "Application startup complete" in line:
                break
        ready = httpx2.get(f"{address}/health/ready")
        os.killpg(process.pid, signal.SIGINT)
        printed.append(process.communicate(timeout=PATIENCE)[0])

    assert ready.json() == {"status": "ok"}
    assert (repository / SERVICE / "catalog.db").is_file()
    assert f"{address}/docs" in "".join(printed)
    assert "Traceback" not in "".join(printed)


@pytest.mark.parametrize("arguments", [[], [""], ["add", "colour"]], ids=repr)
def test_a_migration_without_one_message_gets_one_sentence(
    repository: Path,
    nox: Run,
    arguments: list[str],
) -> None:
    refused = nox("-s", "migrate", "--", "catalog", *arguments)

    assert refused.returncode == 1
    [sentence] = messages(refused)
    assert 'nox -s migrate -- catalog "add colour"' in sentence
    assert [path.name for path in (repository / VERSIONS).glob("*.py")] == ["create_products.py"]


def test_models_without_a_change_get_no_migration(repository: Path, nox: Run) -> None:
    unchanged = nox("-s", "migrate", "--", "catalog", "add nothing")

    assert "The models have nothing new: no migration is written." in messages(unchanged)
    assert [path.name for path in (repository / VERSIONS).glob("*.py")] == ["create_products.py"]
    assert not (repository / SERVICE / "catalog.db").exists()


@pytest.mark.parametrize("session", [("migrate", "--", "catalog", "x"), ("serve", "--", "catalog")])
def test_two_heads_get_one_sentence(repository: Path, nox: Run, session: tuple[str, ...]) -> None:
    first = (repository / VERSIONS / "create_products.py").read_text(encoding="utf-8")
    (repository / VERSIONS / "other.py").write_text(first.replace("create_products", "other"))

    refused = nox("-s", *session)

    assert refused.returncode == 1
    [sentence] = messages(refused)
    assert "make them one" in sentence
    assert "alembic merge heads" in sentence
    assert len(list((repository / VERSIONS).glob("*.py"))) == 2


def test_a_migration_is_written_from_the_models_and_the_gates_accept_it(
    repository: Path,
    nox: Run,
) -> None:
    replace(
        repository / PRODUCTS / "models.py",
        "    version: Mapped[int]",
        '    colour: Mapped[str] = mapped_column(String(30), server_default="grey")\n'
        "    version: Mapped[int]",
    )

    written = nox("-s", "migrate", "--", "catalog", "add colour")

    assert written.returncode == 0, written.stdout + written.stderr
    [revision] = {*(repository / VERSIONS).glob("*.py")} - {
        repository / VERSIONS / "create_products.py"
    }
    assert revision.name in written.stdout
    assert re.fullmatch(r"\d{4}_\d\d_\d\d_[0-9a-f]+_add_colour\.py", revision.name)
    assert 'sa.Column("colour", sa.String(length=30), server_default="grey"' in revision.read_text()
    accepted = nox("-s", "lint(catalog)", "migration(catalog)")
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert not (repository / SERVICE / "catalog.db").exists()

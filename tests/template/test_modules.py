"""One more module in a service: what is rendered, from what, and what is refused."""

import os
import re
import signal
import time
from pathlib import Path

import copier
import pytest

from gates.render import plain_template, render

from .conftest import GATES, Run, beside_the_platform
from .test_copier import copier as run_copier
from .test_renders import greens
from .test_sessions import PATIENCE, messages, reasons, running

SLICE = {
    ".copier-answers.invoices.yml",
    "src/orders/migrations/versions/create_invoices.py",
    *(
        f"src/orders/modules/invoices/{name}.py"
        for name in (
            *("__init__", "factories", "models", "repository", "router", "schemas", "service"),
            *("test_repository", "test_router", "test_service"),
        )
    ),
    "tests/concurrency/test_invoices.py",
    "tests/integration/test_invoices_flow.py",
}
BARE = {
    ".copier-answers.reports.yml",
    *(
        f"src/orders/modules/reports/{name}.py"
        for name in ("__init__", "repository", "router", "schemas", "service")
    ),
    "src/orders/modules/reports/test_router.py",
    "src/orders/modules/reports/test_service.py",
}
VERSIONS = "src/orders/migrations/versions"


def add_module(service: Path, /, **answers: str) -> None:
    """Do what `copier copy -d kind=module -d …` does."""
    with plain_template() as template:
        data = {"kind": "module", **answers}
        copier.run_copy(str(template), service, data, defaults=True, quiet=True)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file, except what programs leave in their caches."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    kept = (name for name in files if not re.search(r"cache|\.hypothesis|\.nox/", name))
    return {name: files[name].read_bytes() for name in kept}


def test_a_module_comes_beside_what_is_there_and_changes_none_of_it(service: Path) -> None:
    before = contents(service)

    add_module(service, resource="invoice")

    after = contents(service)
    assert after.keys() - before.keys() == SLICE
    assert {name: after[name] for name in before} == before


def test_a_module_is_made_of_the_same_files_as_the_first_of_a_service(
    service: Path, tmp_path: Path
) -> None:
    add_module(service, resource="invoice")
    other = beside_the_platform(tmp_path / "elsewhere")
    render(other, {"service": "orders", "resource": "invoice"})

    migration = f"{VERSIONS}/create_invoices.py"
    added, first = contents(service), contents(other)
    assert {name for name in SLICE & first.keys() if added[name] != first[name]} == {migration}
    changed = first[migration].replace(b"| None = None", b'| None = "create_orders"', 1)
    assert added[migration] == changed


def test_bare_module_has_one_url_no_table_and_gates_that_are_green(
    service: Path, inside: Run
) -> None:
    before = contents(service)

    add_module(service, shape="bare", resources="reports")

    after = contents(service)
    assert after.keys() - before.keys() == BARE
    assert {name: after[name] for name in before} == before
    for program, *arguments in (
        ["pytest", "-q", "src/orders/modules/reports", "tests/integration", "tests/migrations"],
        ["ruff", "check", "--quiet", "."],
        ["ruff", "format", "--check", "--quiet", "."],
        ["mypy", "src"],
        ["lint-imports", "--no-cache"],
    ):
        done = inside(service, program, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_module_needs_no_more_than_its_name_in_the_plural(service: Path) -> None:
    add_module(service, resources="deliveries")

    model = (service / "src/orders/modules/deliveries/models.py").read_text(encoding="utf-8")
    assert "class Delivery(" in model


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({}, "The service orders has a module 'orders' already: choose another name."),
        ({"resource": "order"}, "The service orders keeps 'order' already: name another thing."),
        ({"resource": "string"}, "The resource cannot be called 'string'"),
        ({"resource": "x", "resources": "orders"}, "has a module 'orders' already"),
        ({"resource": "x", "resources": "taken"}, "has a module 'taken' already"),
        ({"resources": "data"}, "give resource, such as resource=invoice."),
        ({"resource": "invoice", "head": "a b"}, "'a b' is no revision: give the one"),
        ({"resource": "invoice", "head": "gone"}, "versions is called 'gone': give the one"),
        ({"resource": "invoice", "service": "other"}, "is called 'orders': leave 'other' out."),
        ({"resources": "class"}, "The module's name cannot be 'class'"),
        ({"resources": "Invoices"}, "The module's name 'Invoices' must be lower-case"),
        ({"resources": "sqlite_data"}, "The module's name 'sqlite_data' starts with"),
    ],
    ids=str,
)
def test_a_module_that_cannot_be_gets_one_sentence_and_leaves_nothing(
    service: Path, answers: dict[str, str], sentence: str
) -> None:
    (service / "src/orders/modules/taken").mkdir()
    (service / "src/orders/modules/taken/__init__.py").touch()
    before = contents(service)

    with pytest.raises(
        ValueError, match=r"^Validation error for question '\w+': [^\n]*$"
    ) as refused:
        add_module(service, **answers)

    if answers:
        assert sentence in str(refused.value)
    assert contents(service) == before


def test_where_several_migrations_are_the_newest_one_must_be_named(service: Path) -> None:
    (service / VERSIONS / "2026_01_01_abc_add_colour.py").touch()

    with pytest.raises(ValueError, match="as `uv run alembic heads` prints it"):
        add_module(service, resource="invoice")
    add_module(service, resource="invoice", head="abc")

    migration = (service / VERSIONS / "create_invoices.py").read_text(encoding="utf-8")
    assert 'down_revision: str | Sequence[str] | None = "abc"' in migration


@pytest.mark.filterwarnings("ignore:File not found:copier.errors.MissingFileWarning")
def test_where_there_is_no_service_there_is_no_module(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"There is no service in .*/nowhere: give the"):
        add_module(tmp_path / "nowhere", resource="invoice")

    assert not [*tmp_path.iterdir()]


# With Nox


def test_a_new_module_passes_all_gates_with_those_that_were_there(
    repository: Path, nox: Run
) -> None:
    access = ["copy", "-d", "kind=access", ".", "services/catalog"]
    assert run_copier(repository, *access).returncode == 0

    made = nox("-s", "new", "--", "catalog/bus_lines")

    assert made.returncode == 0, made.stdout + made.stderr
    assert greens(made.stdout, "catalog") == GATES
    what = "the module bus_lines, each of which is called bus_line"
    assert f"catalog/bus_lines: {what} (choose with resource=… and resources=…)" in made.stderr
    assert "catalog/bus_lines is ready. Start it: nox -s serve -- catalog" in made.stderr
    assert not [*(repository / ".nox/new").iterdir()]
    assert nox("-s", "drift", "--", "catalog").returncode == 0


def two_heads(service: Path) -> None:
    versions = service / "src/catalog/migrations/versions"
    first = (versions / "create_products.py").read_text(encoding="utf-8")
    (versions / "other.py").write_text(first.replace("create_products", "other"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere/invoices"], "There is no service 'nowhere'; there are: catalog."),
        (["catalog/products"], "catalog has a module 'products' already: choose another name."),
        (["catalog/Invoices"], "The module's name 'Invoices' must be lower-case"),
        (["catalog/class"], "The module's name cannot be 'class'"),
        (["catalog/data"], "give resource, such as resource=invoice."),
        (["catalog/invoices", "resource=product"], "keeps 'product' already"),
        (["catalog/invoices/"], "is a path: give the name alone, orders or orders/invoices."),
        (["catalog/../invoices"], "is a path"),
    ],
    ids=repr,
)
def test_with_nox_too_one_sentence_is_all_that_is_left(
    repository: Path, nox: Run, arguments: list[str], reason: str
) -> None:
    before = contents(repository / "services")

    refused = nox("-s", "new", "--", *arguments)

    assert refused.returncode == 1
    [sentence] = messages(refused)
    assert reason in sentence
    assert contents(repository / "services") == before


def test_a_service_without_its_answers_takes_no_module(repository: Path, nox: Run) -> None:
    (repository / "services/catalog/.copier-answers.yml").unlink()

    refused = nox("-s", "new", "--", "catalog/invoices")

    assert refused.returncode == 1
    [sentence] = messages(refused)
    assert sentence.startswith("services/catalog/.copier-answers.yml is missing: bring it back")


def test_what_another_branch_has_left_is_no_module(repository: Path, nox: Run) -> None:
    left = repository / "services/catalog/src/catalog/modules/invoices/__pycache__"
    left.mkdir(parents=True)
    two_heads(repository / "services/catalog")

    refused = nox("-s", "new", "--", "catalog/invoices")

    [sentence] = messages(refused)
    assert sentence.startswith("catalog has 2 heads")  # what is asked next


def test_two_heads_must_be_merged_before_a_module_comes(repository: Path, nox: Run) -> None:
    two_heads(repository / "services/catalog")
    before = contents(repository / "services")

    refused = nox("-s", "new", "--", "catalog/invoices")

    assert refused.returncode == 1
    [sentence] = messages(refused)
    assert sentence.startswith("catalog has 2 heads of migrations, make them one: ")
    assert contents(repository / "services") == before


def break_the_start(repository: Path) -> None:
    """Turn every gate that runs the service red at once, and no gate that reads it."""
    app = repository / "services/catalog/src/catalog/app.py"
    app.write_text(f"{app.read_text(encoding='utf-8')}\n\nraise RuntimeError\n", "utf-8")


def test_module_is_not_judged_by_what_was_red_before(repository: Path, nox: Run) -> None:
    break_the_start(repository)

    made = nox("-s", "new", "--", "catalog/invoices")

    assert made.returncode == 0, made.stdout + made.stderr
    assert "catalog was red before invoices came, and is no worse now." in made.stderr
    assert "catalog/invoices is ready." in made.stderr
    assert (repository / "services/catalog/src/catalog/modules/invoices/router.py").is_file()
    assert not [*(repository / ".nox").glob("before-*")]


def test_module_that_turns_a_gate_red_is_kept_and_the_way_on_is_shown(
    repository: Path, nox: Run
) -> None:
    break_the_start(repository)
    [models] = repository.glob("template/src/*/modules/{{rest_module}}/models.py.jinja")
    models.write_text(f"{models.read_text(encoding='utf-8')}\n\n\n\n", encoding="utf-8")

    made = nox("-s", "new", "--", "catalog/invoices")

    assert made.returncode == 1
    [reason] = reasons(made)
    assert reason == (
        "catalog/invoices is kept, though gates are red: lint(catalog). To go on: fix them, then"
        " nox -s tests -- catalog; or remove its files, which git status shows, and start again."
    )
    assert (repository / "services/catalog/src/catalog/modules/invoices/router.py").is_file()


def test_ctrl_c_leaves_the_service_as_it_was(repository: Path) -> None:
    before = contents(repository / "services")
    added = repository / "services/catalog/src/catalog/modules/invoices/router.py"
    deadline = time.monotonic() + PATIENCE
    with running(repository, "-s", "new", "--", "catalog/invoices") as process:
        while not added.exists():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        printed = process.communicate(timeout=PATIENCE)[0]

    assert process.returncode
    assert "catalog/invoices is removed again." in printed
    assert contents(repository / "services") == before


# With Copier alone


def test_copier_adds_a_module_without_nox_and_without_trust(repository: Path) -> None:
    place = ["services/orders"]
    assert run_copier(repository, "copy", ".", *place).returncode == 0
    module = ["copy", "-d", "kind=module", "-d", "resource=invoice", "."]

    added = run_copier(repository, *module, *place)
    again = run_copier(repository, *module, *place)

    assert added.returncode == 0, added.stderr
    assert "uv run alembic upgrade head     its table" in added.stderr
    assert again.returncode == 1
    assert again.stderr.rstrip().endswith("a module 'invoices' already: choose another name.")

"""`.taken-names.yml` has every name that would break a rendered service."""

import ast
import builtins
import json
import keyword
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from gates.render import ROOT, render

from .conftest import PLATFORM, Run, beside_the_platform

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
KEYWORDS = {*keyword.kwlist, *keyword.softkwlist}

# Not discovered automatically: what the repository, the gates and pytest call by name.
OF_THE_REPOSITORY = {"conftest", "docs", "plumbline", "repository", "services", "src", "template"}
OF_THE_REPOSITORY |= {"test", "tests"}
OF_NEWER_PYTHONS = {"python_finalization_error", "type"}  # than the oldest that runs these tests


@pytest.fixture(scope="module")
def taken() -> dict[str, set[str]]:
    """The lists of the file."""
    found = yaml.safe_load((ROOT / ".taken-names.yml").read_text(encoding="utf-8"))
    return {name: set(question["default"].split()) for name, question in found.items()}


def require(names: Iterable[str], taken: set[str]) -> None:
    """Fail unless all of these that could be a name are taken."""
    missing = sorted({name for name in names if NAME.fullmatch(name)} - taken)
    assert not missing, f"add to .taken-names.yml: {' '.join(missing)}"


@pytest.fixture(scope="module")
def zebras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service whose resource has a name that nothing else contains."""
    folder = beside_the_platform(tmp_path_factory.mktemp("zebras"), "zoo")
    render(folder, {"service": "zoo", "resource": "zebra", "resources": "zebras"})
    return folder


def test_no_service_can_be_called_like_a_module_of_the_standard_library(
    taken: dict[str, set[str]],
) -> None:
    require(sys.stdlib_module_names, taken["taken_modules"])


def test_no_service_can_be_called_like_an_importable_library(
    taken: dict[str, set[str]],
    zebras: Path,
    inside: Run,
) -> None:
    program = (
        "import json; from importlib.metadata import packages_distributions;"
        "print(json.dumps(list(packages_distributions())))"
    )
    importable = json.loads(inside(zebras, "python", "-c", program).stdout)

    assert "sqlalchemy" in importable
    require(importable, taken["taken_modules"])


def test_no_service_can_be_called_like_a_locked_library(
    taken: dict[str, set[str]],
    zebras: Path,
) -> None:
    lock = tomllib.loads((zebras / "uv.lock").read_text(encoding="utf-8"))
    locked = {package["name"].replace("-", "_") for package in lock["package"]} - {"zoo"}

    assert "pytest_cov" in locked
    require(locked, taken["taken_modules"])


@pytest.mark.parametrize("kind", ["taken_modules", "taken_names"])
def test_nothing_can_be_called_like_a_keyword(taken: dict[str, set[str]], kind: str) -> None:
    require(KEYWORDS, taken[kind])


def test_no_service_can_be_called_like_what_the_repository_calls_by_name(
    taken: dict[str, set[str]],
) -> None:
    require(OF_THE_REPOSITORY, taken["taken_modules"])


def snake(camel: str) -> str:
    """The resource that would have this class."""
    resource = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", camel).lower()
    is_it = "".join(map(str.capitalize, resource.split("_"))) == camel
    return resource if is_it else ""


def names_in(source: Path) -> set[str]:
    """Everything that a module imports or defines, on any level."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom | ast.Import):
            found |= {(name.asname or name.name).partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    return found


def collisions(source: Path) -> set[str]:
    """The resources one of whose classes, such as `ZebraPage`, this module would have twice."""
    names = names_in(source)
    own = {name for name in names if name.startswith("Zebra")}
    return {
        snake(name.removesuffix(suffix))
        for suffix in (name.removeprefix("Zebra") for name in own)
        for name in names - own
        if name.endswith(suffix)
    }


@pytest.fixture(scope="module")
def classes(zebras: Path) -> set[str]:
    """The resources whose classes a module of the service imports or defines already."""
    found = set().union(*(collisions(source) for source in zebras.rglob("*.py")))
    assert "base" in found
    return found


@pytest.fixture(scope="module")
def nouns(zebras: Path, inside: Run) -> set[str]:
    """What the operations that every service has are about."""
    program = (
        "import json; from zoo.app import create_app; from zoo.settings import Settings;"
        "print(json.dumps(create_app(Settings()).openapi()['paths']))"
    )
    paths = json.loads(inside(zebras, "python", "-c", program).stdout)
    operations = {method["operationId"] for path in paths.values() for method in path.values()}
    found = {operation.partition("_")[2] for operation in operations} - {"zebra", "zebras", ""}
    found |= {operation for operation in operations if "_" not in operation}
    assert "liveness" in found
    return found


@pytest.fixture(scope="module")
def tables(zebras: Path) -> set[str]:
    """The tables that code of the service or the platform names."""
    places = (zebras, ROOT / PLATFORM / "src")
    sources = [path.read_text(encoding="utf-8") for place in places for path in place.rglob("*.py")]
    found = re.findall(r"(?:TABLE|FROM|INTO|UPDATE) (?!sqlite_)(\w+)", "\n".join(sources))
    assert "pg_database" in found
    return {name for name in found if NAME.fullmatch(name)} | {"alembic_version"}


@pytest.fixture(scope="module")
def modules() -> set[str]:
    """The modules that the template has beside those that are called like a resource."""
    places = (ROOT / "template/src/{{package}}/modules").iterdir()
    found = {path.name for path in places if NAME.fullmatch(path.name)}
    assert "access" in found
    return found


def test_no_resource_can_have_a_class_that_a_module_imports_or_defines(
    taken: dict[str, set[str]], classes: set[str]
) -> None:
    require(classes, taken["taken_names"])


def test_no_resource_can_have_a_class_that_python_has(taken: dict[str, set[str]]) -> None:
    require(map(snake, dir(builtins)), taken["taken_names"])


def test_no_resource_can_have_an_operation_that_there_is(
    taken: dict[str, set[str]], nouns: set[str]
) -> None:
    require(nouns, taken["taken_names"])


def test_no_plural_can_be_called_like_a_module_that_the_template_has(
    taken: dict[str, set[str]], modules: set[str]
) -> None:
    require(modules, taken["taken_names"])


def test_no_plural_can_be_called_like_a_table_that_there_is(
    taken: dict[str, set[str]], tables: set[str]
) -> None:
    require(tables, taken["taken_names"])


def test_no_name_of_a_resource_is_taken_without_a_reason(
    taken: dict[str, set[str]],
    classes: set[str],
    nouns: set[str],
    modules: set[str],
    tables: set[str],
) -> None:
    of_python = KEYWORDS | {snake(name) for name in dir(builtins)} | OF_NEWER_PYTHONS
    reasons = {name.lower() for name in of_python} | classes | nouns | modules | tables

    assert sorted(taken["taken_names"] - reasons) == []

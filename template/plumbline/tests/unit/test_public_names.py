"""The public names: complete, importable, and imported on first use only."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import plumbline
import pytest


def type_checking_imports() -> dict[str, str]:
    """Return the module of each name that type checkers import from the platform."""
    tree = ast.parse(Path(str(plumbline.__file__)).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {each.name: f"plumbline.{node.module}" for node in imports for each in node.names}


def test_type_checkers_see_exactly_the_public_names() -> None:
    assert sorted(type_checking_imports()) == sorted(plumbline.__all__)


@pytest.mark.parametrize("name", plumbline.__all__)
def test_public_name_is_the_one_that_type_checkers_see(name: str) -> None:
    seen = getattr(import_module(type_checking_imports()[name]), name)

    assert getattr(plumbline, name) is seen


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'plumbline' has no attribute 'missing'"):
        _ = plumbline.missing


@pytest.mark.parametrize("package", ["http", "database", "server"])
def test_every_public_name_of_a_package_resolves(package: str) -> None:
    found = import_module(f"plumbline.{package}")

    public = getattr(found, "__all__", ["main", "production"])
    assert public
    assert all(getattr(found, name) is not None for name in public)


def test_importing_the_package_imports_no_other_module_of_it() -> None:
    program = "import sys, plumbline; print([m for m in sys.modules if 'plumbline.' in m])"

    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"

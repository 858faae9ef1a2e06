"""`services/catalog` is what the template renders for its answers: read it instead of Jinja."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from gates.render import ANSWERS, ROOT, recorded, render

from .conftest import LEFTOVERS

CATALOG = ROOT / "services" / "catalog"
Change = Callable[[Path], object]


def add_a_line(path: Path) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}# more\n", encoding="utf-8")


def make_executable(path: Path) -> None:
    path.chmod(0o755)


def contents(service: Path) -> dict[str, tuple[bytes, bool]]:
    """Each file of a service: what is in it, and whether it can be run."""
    found = {
        str(path.relative_to(service)): (path.read_bytes(), os.access(path, os.X_OK))
        for path in service.rglob("*")
        if path.is_file()
    }
    answers = yaml.safe_dump(recorded(service / ANSWERS))  # without Copier's own notes
    return found | {ANSWERS: (answers.encode(), found[ANSWERS][1])}


def differences(ours: Path, theirs: Path) -> set[str]:
    """The files that are not the same on both sides."""
    here, there = contents(ours), contents(theirs)
    return {name for name in {*here, *there} if here.get(name) != there.get(name)}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the template renders for the answers of the catalog."""
    folder = tmp_path_factory.mktemp("fresh") / "catalog"
    render(folder, recorded(CATALOG / ANSWERS))
    return folder


def test_the_catalog_is_the_template_rendered(fresh: Path, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns(*LEFTOVERS)
    catalog = shutil.copytree(CATALOG, tmp_path / "catalog", ignore=ignored)

    assert differences(catalog, fresh) == set()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("src/catalog/app.py", add_a_line),
        ("src/catalog/modules/products/models.py", Path.unlink),
        ("src/catalog/brand_new.py", Path.touch),
        ("pyproject.toml", make_executable),
        (ANSWERS, lambda path: path.write_text("service: other\n")),
    ],
)
def test_any_difference_would_be_noticed(
    fresh: Path,
    tmp_path: Path,
    name: str,
    change: Change,
) -> None:
    changed = shutil.copytree(fresh, tmp_path / "catalog")
    change(changed / name)

    assert differences(changed, fresh) == {name}


class _Settings(yaml.SafeLoader):
    """Reads `copier.yml`, which includes a file by a tag of Copier's own."""


_Settings.add_constructor("!include", lambda *_: {})


def test_the_two_lists_of_seeded_files_are_equal() -> None:
    text = (ROOT / "copier.yml").read_text(encoding="utf-8")
    *_, settings = yaml.load_all(text, _Settings)
    start, *excluded, end = next(
        each for each in settings["_exclude"] if "_copier_operation" in each
    ).splitlines()

    assert (start, end) == ("{% if _copier_operation == 'update' %}", "{% endif %}")
    assert excluded == settings["_skip_if_exists"]


def test_the_teams_own_code_is_seeded_and_nothing_else(tmp_path: Path) -> None:
    seeded = {str(path) for path in render(tmp_path / "orders", {"service": "orders"})}

    assert {name for name in seeded if not name.startswith("src/orders/modules/orders/")} == {
        "README.md",
        "pyproject.toml",
        "uv.lock",
        "compose.yaml",
        "nginx.conf",
        "src/orders/migrations/versions/create_orders.py",
        "tests/integration/test_orders_flow.py",
        "tests/concurrency/test_concurrent_orders.py",
        "tests/concurrency/test_orders_under_load.py",
        "tests/concurrency/write_orders.py",
    }
    assert "src/orders/modules/orders/service.py" in seeded

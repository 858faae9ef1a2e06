"""`services/catalog` is what the template renders for its answers: read it instead of Jinja."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import copier
import pytest
import yaml
from copier._main import Worker

from gates.records import read
from gates.render import ANSWERS, ROOT, plain_template, recorded, render, render_again
from gates.upstream import templates_for

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


def test_the_lists_of_what_is_seeded_and_what_an_update_leaves_out_are_equal() -> None:
    text = (ROOT / "copier.yml").read_text(encoding="utf-8")
    *_, settings = yaml.load_all(text, _Settings)
    start, *excluded, end = next(
        each for each in settings["_exclude"] if "_copier_operation" in each
    ).splitlines()

    assert (start, end) == ("{% if _copier_operation == 'update' %}", "{% endif %}")
    assert excluded == settings["_skip_if_exists"]


# What the template owns, by kind, as Copier understands the list


IN_EVERY_SERVICE = {
    *(".copier-answers.yml", ".importlinter", "Dockerfile", "Dockerfile.dockerignore"),
    *("src/orders/migrations/env.py", "src/orders/migrations/script.py.mako"),
}
AROUND_SERVICES = {
    *("noxfile.py", "plumbline/", "tests/gates/"),
    *(".github/workflows/ci.yml", ".github/workflows/gates.yml"),
}
OWNED = {
    "service": IN_EVERY_SERVICE,
    "standalone": IN_EVERY_SERVICE | AROUND_SERVICES,
    "monorepo": {".copier-answers.yml"} | AROUND_SERVICES,
    "module": {".copier-answers.invoices.yml"},
    "access": {".copier-answers.access.yml"},
}
ANSWERED = {
    "service": {"service": "orders", "platform": "../../plumbline"},
    "standalone": {"service": "orders"},
    "monorepo": {},
    "module": {"resource": "invoice", "resources": "invoices", "head": "create_orders"},
    "access": {},
}
TEAMS = (
    *("README.md", "pyproject.toml", "uv.lock", "conftest.py", ".gitignore", "added.py"),
    *("src/orders/app.py", "src/orders/modules/orders/models.py", "src/added.py"),
    *("src/orders/migrations/versions/add_colour.py", "tests/integration/test_orders_flow.py"),
    *("tests/conftest.py", ".github/workflows/deploy.yml", ".github/dependabot.yml"),
)


@pytest.fixture(params=OWNED)
def rendered(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path, set[str], Worker]:
    """One kind, the folder that Copier rendered it into, its new files, and the render."""
    kind: str = request.param
    folder = tmp_path / "orders"
    with plain_template() as template:

        def run_copy(kind: str) -> Worker:
            data = {"kind": kind, **ANSWERED[kind]}
            return copier.run_copy(str(template), folder, data, defaults=True, quiet=True)

        if kind in {"module", "access"}:
            run_copy("service")
        before = files_of(folder)
        done = run_copy(kind)
    return kind, folder, files_of(folder) - before, done


def files_of(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found}


def test_the_template_owns_what_its_list_names_and_nothing_else(
    rendered: tuple[str, Path, set[str], Worker],
) -> None:
    kind, _, files, done = rendered

    owned = {name for name in files if not done.match_skip(Path(name))}

    folders = [name for name in OWNED[kind] if name.endswith("/")]
    inside = {name: next(filter(name.startswith, folders), name) for name in owned}
    assert set(inside.values()) == OWNED[kind]
    assert all(done.match_skip(Path(name)) for name in TEAMS)


def test_what_drift_compares_with_is_what_copier_renders(
    rendered: tuple[str, Path, set[str], Worker], tmp_path: Path
) -> None:
    _, folder, files, done = rendered
    answers = next(name for name in sorted(files) if name.startswith(".copier-answers"))
    with templates_for(ROOT) as templates:
        record = read(folder / answers)
        again = render_again(templates.work_tree(), record, tmp_path / "again" / "orders")

        owned = {Path(name) for name in files - {answers} if not done.match_skip(Path(name))}
        assert again.owned == owned
        for path in map(Path, files - {answers}):
            file = again.file(path)
            assert file is not None
            assert file.read_bytes() == (folder / path).read_bytes()
            assert os.access(file, os.X_OK) == os.access(folder / path, os.X_OK)
        assert recorded(again.answers_file) == recorded(folder / answers)

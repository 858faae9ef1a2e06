"""What each kind renders: a service beside its platform, or with it, and a team's monorepo."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gates.render import ANSWERS, ROOT, render

from .conftest import GATES, beside_the_platform, call
from .test_copier import answers, commit, git
from .test_copier import copier as run_copier
from .test_modules import contents
from .test_renders import greens

KINDS = ["service", "standalone", "monorepo"]
SHARED = ("noxfile.py", "tests/gates/", ".github/", "plumbline/")
WITH_A_PATH_TO_THE_PLATFORM = {
    *("Dockerfile", "Dockerfile.dockerignore", "compose.yaml"),
    *("pyproject.toml", "ruff.toml", "uv.lock"),
}
EVERYWHERE = {*GATES, "tests", "postgres", "mutants", "drift", "sync", "update", "workflows"} | {
    *("new", "serve", "migrate", "move", "matrix", "relock")
}


def render_kind(kind: str, folder: Path, **data: str) -> Path:
    """Render a repository of this kind, or a service into one, from the work tree."""
    place = beside_the_platform(folder.parent, folder.name) if kind == "service" else folder
    render(place, {"kind": kind, **data})
    return place


def nox_in(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Nox there, with nothing of this repository around."""
    return call(folder, sys.executable, "-m", "nox", *arguments, env=env)


def sessions(folder: Path) -> set[str]:
    listed = nox_in(folder, "--list")
    assert listed.returncode == 0, listed.stderr
    lines = [line.split() for line in listed.stdout.splitlines() if line[:2] in {"- ", "* "}]
    return {line[1].partition("(")[0] for line in lines}


def tracked() -> dict[str, bytes]:
    """Return what git would carry of the files that all repositories share."""
    shared = [name.replace("plumbline/", "template/plumbline/") for name in SHARED]
    names = git(ROOT, "ls-files", "-co", "--exclude-standard", "--", *shared).splitlines()
    there = [name for name in names if (ROOT / name).is_file()]
    return {name.removeprefix("template/"): (ROOT / name).read_bytes() for name in there}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What each kind renders, called `orders`, for reading."""
    return {kind: render_kind(kind, tmp_path_factory.mktemp(kind) / "orders") for kind in KINDS}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def of_kind(kinds: dict[str, Path], kind: str) -> Path:
    """What one kind renders."""
    return kinds[kind]


# What is rendered


def test_both_repositories_have_the_very_files_of_this_one(of_kind: Path, kind: str) -> None:
    found = contents(of_kind)

    shared = {name: found[name] for name in found if name.startswith(SHARED)}
    assert shared == ({} if kind == "service" else tracked())


def test_standalone_service_is_otherwise_the_same_service(kinds: dict[str, Path]) -> None:
    within, alone = contents(kinds["service"]), contents(kinds["standalone"])

    own = {name: text for name, text in alone.items() if not name.startswith(SHARED)}
    different = {name for name in own if own[name] != within.get(name)}
    assert different == {ANSWERS, "LICENSE", *WITH_A_PATH_TO_THE_PLATFORM}
    assert own.keys() - {"LICENSE"} == within.keys()


def test_licence_of_the_platform_is_a_file_that_can_be_sent_to_a_builder_alone() -> None:
    licence = ROOT / "template/plumbline/LICENSE"

    assert not licence.is_symlink()
    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_no_folder_is_empty(of_kind: Path) -> None:
    folders = [path for path in of_kind.rglob("*") if path.is_dir()]

    assert [path for path in folders if not any(path.iterdir())] == []


def projects(root: Path) -> Iterator[Path]:
    """Yield the folders with a pyproject.toml and a lock file."""
    found = root.rglob("uv.lock")
    yield from (path.parent for path in found if ".nox" not in path.parts)


def test_every_project_is_locked_at_birth(of_kind: Path, uv: str) -> None:
    before = contents(of_kind)
    found = [*projects(of_kind)]
    assert found

    for project in found:
        locked = call(project, uv, "lock", "--check", env={})
        assert locked.returncode == 0, locked.stderr
        planned = call(project, uv, "sync", "--locked", "--dry-run", env={})
        assert planned.returncode == 0, planned.stderr

    assert contents(of_kind) == before


# Where the platform comes from


def from_an_index(project: Path) -> list[str]:
    """Return why the platform could come from an index: one reason for each place that is wrong."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    lock = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
    locked = [each for each in lock["package"] if each["name"] == "plumbline-platform"]
    reasons = [f"locked {each['source']}" for each in locked if "editable" not in each["source"]]
    if pyproject["project"]["name"] == "plumbline-platform":
        private = "Private :: Do Not Upload" in pyproject["project"]["classifiers"]
        return reasons if private else [*reasons, "may be uploaded"]
    source = pyproject.get("tool", {}).get("uv", {}).get("sources", {}).get("plumbline-platform")
    is_used = bool(locked) or "plumbline-platform" in str(pyproject["project"])
    return reasons if not is_used or _is_path(project, source) else [*reasons, f"source {source}"]


def _is_path(project: Path, source: Any) -> bool:  # noqa: ANN401 - whatever TOML has
    if not isinstance(source, dict) or source.keys() != {"path", "editable"}:
        return False
    return Path(project, source["path"], "pyproject.toml").is_file()


def test_no_project_of_this_repository_takes_the_platform_from_an_index() -> None:
    found = [*projects(ROOT / "services"), *projects(ROOT / "template"), *projects(ROOT / "tests")]

    assert ROOT / "template/plumbline" in found
    assert ROOT / "services/catalog" in found
    assert {project: from_an_index(project) for project in found if from_an_index(project)} == {}


def test_no_rendered_project_takes_the_platform_from_an_index(of_kind: Path) -> None:
    found = [*projects(of_kind)]

    assert found
    assert [from_an_index(project) for project in found] == [[] for _ in found]


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("pyproject.toml", 'path = "../../template/plumbline", editable', "index", "source {"),
        ("pyproject.toml", 'plumbline-platform = { path = "../../', 'other = { path = "', "None"),
        ("uv.lock", "{ editable = ", "{ registry = ", "locked {"),
    ],
)
def test_platform_from_an_index_would_be_found(
    service: Path, file: str, old: str, new: str, reason: str
) -> None:
    text = (service / file).read_text(encoding="utf-8")
    assert old in text
    (service / file).write_text(text.replace(old, new), encoding="utf-8")

    [*found] = from_an_index(service)

    assert reason in str(found)


def test_platform_that_may_be_uploaded_would_be_found(tmp_path: Path) -> None:
    platform = ROOT / "template/plumbline"
    text = (platform / "pyproject.toml").read_text(encoding="utf-8")
    private = '    "Private :: Do Not Upload",\n'
    assert private in text
    (tmp_path / "pyproject.toml").write_text(text.replace(private, ""), encoding="utf-8")
    (tmp_path / "uv.lock").write_bytes((platform / "uv.lock").read_bytes())

    assert from_an_index(tmp_path) == ["may be uploaded"]


# Which kind it is, where Copier is not given one: never with --trust


def test_copier_renders_a_service_two_folders_below_a_platform(repository: Path) -> None:
    done = run_copier(repository, "copy", ".", "services/orders")

    assert done.returncode == 0, done.stderr
    found = answers(repository / "services/orders")
    assert (found["kind"], found["platform"]) == ("service", "../../template/plumbline")
    assert not (repository / "services/orders/plumbline").exists()


def test_copier_renders_a_service_into_a_monorepo(repository: Path, tmp_path: Path) -> None:
    team = tmp_path / "team"
    assert run_copier(tmp_path, "copy", "-d", "kind=monorepo", repository, team).returncode == 0

    done = run_copier(team, "copy", repository, "services/orders")

    assert done.returncode == 0, done.stderr
    found = answers(team / "services/orders")
    assert (found["kind"], found["platform"]) == ("service", "../../plumbline")


def test_copier_renders_a_repository_of_one_service_into_an_empty_folder(
    repository: Path, tmp_path: Path
) -> None:
    done = run_copier(tmp_path, "copy", repository, "orders")

    assert done.returncode == 0, done.stderr
    found = answers(tmp_path / "orders")
    assert (found["kind"], found["platform"]) == ("standalone", "plumbline")
    assert (tmp_path / "orders/plumbline/pyproject.toml").is_file()


@pytest.mark.parametrize(
    ("place", "options", "sentence"),
    [
        ("services/group/orders", [], "Services stand in services/ itself"),
        ("services/group/orders", ["-d", "kind=service"], "There is no platform two folders above"),
        ("orders", ["-d", "kind=service"], "There is no platform two folders above"),
        (
            "services/team",
            ["-d", "kind=monorepo"],
            "A monorepo cannot stand in the folder services",
        ),
    ],
)
def test_service_that_would_not_find_its_platform_gets_one_sentence_and_leaves_nothing(
    repository: Path, place: str, options: list[str], sentence: str
) -> None:
    before = contents(repository)

    refused = run_copier(repository, "copy", *options, ".", place)

    assert refused.returncode == 1
    assert sentence in " ".join(refused.stderr.split())
    assert contents(repository) == before
    assert not (repository / place).exists()


# With the gates of the repository


def test_standalone_service_has_its_gates_with_nothing_else_around(tmp_path: Path) -> None:
    folder = render_kind("standalone", tmp_path / "anything", service="my_orders")

    assert sessions(folder) == EVERYWHERE
    gates = ["workflows", "unit(my-orders)", "boundaries(my-orders)", "boundaries(plumbline)"]
    ended = nox_in(folder, "-s", *gates)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_standalone_service_takes_modules_and_no_second_service(kinds: dict[str, Path]) -> None:
    folder = kinds["standalone"]
    before = contents(folder)

    refused = nox_in(folder, "-s", "new", "--", "billing")

    assert refused.returncode == 1
    sentence = "This repository is the service orders; a module: nox -s new -- orders/invoices."
    assert sentence in refused.stderr
    assert contents(folder) == before


def test_monorepo_is_ready_for_its_first_service(repository: Path, tmp_path: Path) -> None:
    commit(repository, "v1.0.0")
    team = tmp_path / "team"
    made = run_copier(tmp_path, "copy", "-d", "kind=monorepo", f"git+{repository.as_uri()}", team)
    assert made.returncode == 0, made.stderr
    commit(team)
    empty = nox_in(team, "-s", "serve")
    assert "make one: nox -s new -- orders" in empty.stderr

    new = nox_in(team, "-s", "new", "--", "orders")

    assert new.returncode == 0, new.stdout + new.stderr
    assert greens(new.stdout, "orders") == GATES
    commit(team)
    checked = nox_in(team, "-s", "drift", "workflows")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    found = answers(team / "services/orders")
    assert found["_src_path"] == f"git+{repository.as_uri()}"
    assert (found["_commit"], found["platform"]) == ("v1.0.0", "../../plumbline")

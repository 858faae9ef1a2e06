"""A service in a repository of its own, and a monorepo of a team: this repository's gates there."""

import subprocess
import sys
from pathlib import Path

import copier
import pytest

from gates.render import ANSWERS, ROOT, plain_template

from .conftest import GATES, call
from .test_copier import commit, git
from .test_copier import copier as run_copier
from .test_modules import contents
from .test_renders import greens

SHARED = ("noxfile.py", "tests/gates/", ".github/")
EVERYWHERE = {*GATES, "tests", "postgres", "mutants", "drift", "sync", "update", "workflows"} | {
    *("new", "serve", "migrate", "move", "matrix")
}


def render_kind(kind: str, folder: Path, **answers: str) -> Path:
    """A repository of this kind, from the work tree."""
    with plain_template() as template:
        data = {"kind": kind, **answers}
        copier.run_copy(str(template), folder, data, defaults=True, quiet=True)
    return folder


def nox_in(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Nox there, with nothing of this repository around."""
    return call(folder, sys.executable, "-m", "nox", *arguments, env=env)


def sessions(folder: Path) -> set[str]:
    listed = nox_in(folder, "--list")
    assert listed.returncode == 0, listed.stderr
    lines = [line.split() for line in listed.stdout.splitlines() if line[:2] in {"- ", "* "}]
    return {line[1].partition("(")[0] for line in lines}


def tracked() -> dict[str, bytes]:
    """What git would carry of the files that all repositories share."""
    names = git(ROOT, "ls-files", "-co", "--exclude-standard", "--", *SHARED).splitlines()
    return {name: (ROOT / name).read_bytes() for name in names if (ROOT / name).is_file()}


@pytest.mark.parametrize("kind", ["standalone", "monorepo"])
def test_both_have_the_very_files_of_this_repository(kind: str, tmp_path: Path) -> None:
    found = contents(render_kind(kind, tmp_path / "orders"))

    assert {name: found[name] for name in found if name.startswith(SHARED)} == tracked()


def test_a_service_in_a_monorepo_has_none_of_them(tmp_path: Path) -> None:
    found = contents(render_kind("service", tmp_path / "orders"))

    assert not [name for name in found if name.startswith(SHARED)]


def test_a_service_of_its_own_is_otherwise_the_same_service(tmp_path: Path) -> None:
    within = contents(render_kind("service", tmp_path / "within" / "orders"))
    alone = contents(render_kind("standalone", tmp_path / "alone" / "orders"))

    own = {name: text for name, text in alone.items() if not name.startswith(SHARED)}
    assert {name for name in own if own[name] != within.get(name)} == {ANSWERS}
    assert own.keys() == within.keys()


def test_a_service_of_its_own_has_its_gates_with_nothing_else_around(tmp_path: Path) -> None:
    folder = render_kind("standalone", tmp_path / "anything", service="my_orders")

    assert sessions(folder) == EVERYWHERE
    ended = nox_in(folder, "-s", "workflows", "unit(my-orders)", "boundaries(my-orders)")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_service_of_its_own_takes_modules_and_no_second_service(tmp_path: Path) -> None:
    folder = render_kind("standalone", tmp_path / "anything", service="orders")
    before = contents(folder)

    refused = nox_in(folder, "-s", "new", "--", "billing")

    assert refused.returncode == 1
    sentence = "This repository is the service orders; a module: nox -s new -- orders/invoices."
    assert sentence in refused.stderr
    assert contents(folder) == before


def test_a_monorepo_is_ready_for_its_first_service(repository: Path, tmp_path: Path) -> None:
    commit(repository, "v1.0.0")
    team = tmp_path / "team"
    made = run_copier(tmp_path, "copy", "-d", "kind=monorepo", f"git+{repository.as_uri()}", team)
    assert made.returncode == 0, made.stderr
    commit(team)
    empty = nox_in(team)
    assert empty.returncode == 0, empty.stdout + empty.stderr
    assert "make one: nox -s new -- orders" in empty.stderr

    new = nox_in(team, "-s", "new", "--", "orders")

    assert new.returncode == 0, new.stdout + new.stderr
    assert greens(new.stdout, "orders") == GATES
    commit(team)
    checked = nox_in(team, "-s", "drift", "workflows")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    answers = (team / "services/orders" / ANSWERS).read_text(encoding="utf-8")
    assert f"_src_path: git+{repository.as_uri()}" in answers
    assert "_commit: v1.0.0" in answers

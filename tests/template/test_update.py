"""`nox -s update` brings what is new in the template, and keeps what the team has made.

Each test has real git repositories: a service beside its template, or elsewhere.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import copier
import pytest
from copier._main import Worker

from gates import drift, sync, update, upstream
from gates.render import ANSWERS, ROOT, render
from gates.upstream import Templates, released_tags, templates_for

from . import toy
from .conftest import Run, call
from .test_copier import add_line, answers, commit, git
from .test_drift import a_sentence, accept, carrier, contents
from .toy import Home, write_questions

HEALTH = "src/orders/health.py"


pristine, home, apart = toy.pristine, toy.home, toy.apart  # fixtures
monorepo, either = toy.monorepo, toy.either
__all__ = ["carrier"]


def updated(home: Home, *arguments: str) -> dict[str, tuple[bytes, bool]]:
    """Update, which must succeed; gives what the service is made of then."""
    assert update.main(list(arguments), home.root) is None
    assert git(home.root, "ls-files", "--unmerged") == ""
    return contents(home.service)


# What comes, and what stays


def test_each_change_of_the_template_comes(either: Home) -> None:
    (either.template / "old.py").unlink()
    (either.template / "new.py").write_text("NEW = True\n")
    (either.template / "settings.py.jinja").rename(either.template / "config.py.jinja")
    (either.upstream / "template/start.sh").chmod(0o644)
    either.improve("v0.2.0")

    files = updated(either)

    assert files[HEALTH][0].endswith(b"# newer\n")
    assert "src/orders/old.py" not in files
    assert "src/orders/new.py" in files
    assert "src/orders/settings.py" not in files
    assert files["src/orders/config.py"][0] == b'NAME = "orders"\n'
    assert not files["start.sh"][1]
    assert either.answers()["_commit"] == "v0.2.0"
    assert drift.main([], either.root) is None


def test_what_is_the_teams_stays(either: Home) -> None:
    (either.service / "README.md").unlink()
    (either.package / "rules.py").write_text("# ours\n")
    (either.package / "added.py").write_text("# ours\n")
    commit(either.root)
    for name in ("rules.py", "added_rules.py"):
        add_line(either.template / name, "# newer sample")
    add_line(either.upstream / "template/README.md.jinja", "newer")
    either.improve("v0.2.0")

    files = updated(either)

    assert "README.md" not in files
    assert files["src/orders/rules.py"][0] == b"# ours\n"
    assert files["src/orders/added.py"][0] == b"# ours\n"
    assert files[HEALTH][0].endswith(b"# newer\n")


def test_changes_are_left_to_be_looked_at(either: Home, capsys: pytest.CaptureFixture[str]) -> None:
    either.improve("v0.2.0")
    head = git(either.root, "rev-parse", "HEAD")

    updated(either)

    assert git(either.root, "rev-parse", "HEAD") == head
    changed = git(either.root, "diff", "--cached", "--name-only").splitlines()
    assert changed == [either.shown(ANSWERS), either.shown(HEALTH)]
    assert git(either.root, "diff", "--name-only") == ""
    assert capsys.readouterr().out.splitlines() == [
        f"{either.shown(ANSWERS)}: from v0.1.0 to v0.2.0.",
        "2 files changed: look with git diff --cached, and commit.",
    ]


def test_an_accepted_deviation_is_merged_with_what_is_new(either: Home) -> None:
    accept(either, f'"{HEALTH}" = "ours"')
    text = (either.package / "health.py").read_text()
    (either.package / "health.py").write_text(text.replace("'up'", "'ours'"))
    commit(either.root)
    either.improve("v0.2.0")

    files = updated(either)

    assert b"'ours'" in files[HEALTH][0]
    assert files[HEALTH][0].endswith(b"# newer\n")
    assert drift.main([], either.root) is None


def test_an_edit_follows_a_file_that_the_template_renames(either: Home) -> None:
    text = (either.package / "health.py").read_text()
    (either.package / "health.py").write_text(text.replace("'up'", "'ours'"))
    commit(either.root)
    (either.template / "health.py").rename(either.template / "alive.py")
    commit(either.upstream, "v0.2.0")

    files = updated(either)

    assert b"'ours'" in files["src/orders/alive.py"][0]
    assert HEALTH not in files


def test_what_the_team_has_added_stays_where_it_is(either: Home) -> None:
    for name in ("one.py", "two.py"):
        (either.template / "lab").mkdir(exist_ok=True)
        (either.template / "lab" / name).write_text(f"# {name}\n")
    commit(either.upstream, "v0.2.0")
    updated(either)
    (either.package / "lab/three.py").write_text("# ours\n")
    commit(either.root)
    (either.template / "lab").rename(either.template / "shed")
    commit(either.upstream, "v0.3.0")

    files = updated(either)

    assert [name for name in files if "lab" in name] == ["src/orders/lab/three.py"]


def test_an_edit_does_not_follow_into_another_service(home: Home) -> None:
    billing = home.root / "services" / "billing"
    shutil.copytree(home.service, billing)
    text = (home.package / "health.py").read_text()
    (home.package / "health.py").write_text(text.replace("'up'", "'ours'"))
    commit(home.root)
    (home.template / "health.py").rename(home.template / "alive.py")
    commit(home.root)

    updated(home)

    assert "'ours'" in (home.package / "alive.py").read_text()
    assert (billing / "src/orders/alive.py").read_text() == text


def test_a_new_question_takes_its_default_and_that_is_told(
    either: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    write_questions(either.upstream, colour={"type": "str", "default": "red"})
    (either.template / "colour.py.jinja").write_text('COLOUR = "{{ colour }}"\n')
    commit(either.upstream, "v0.2.0")

    files = updated(either)

    assert files["src/orders/colour.py"][0] == b'COLOUR = "red"\n'
    assert either.answers()["colour"] == "red"
    assert "the new question colour is answered with its default, 'red'." in capsys.readouterr().out
    commit(either.root)
    either.record(colour="blue")
    assert drift.main([], either.root) is not None


def test_a_question_that_has_gone_is_forgotten(either: Home) -> None:
    either.record(colour="red")
    commit(either.root)
    either.improve("v0.2.0")

    updated(either)

    assert "colour" not in either.answers()


def test_what_is_seeded_from_now_on_is_the_teams(either: Home) -> None:
    add_line(either.package / "old.py", "# ours")
    commit(either.root)
    (either.template / "old.py").unlink()
    write_questions(either.upstream, [each for each in toy.OWNED if "old.py" not in each])
    commit(either.upstream, "v0.2.0")

    assert updated(either)["src/orders/old.py"][0] == b"OLD = True\n# ours\n"


def test_what_is_the_templates_from_now_on_is_merged(either: Home) -> None:
    write_questions(either.upstream, [*toy.OWNED, "!/src/*/rules.py"])
    (either.template / "rules.py").write_text("# a sample\n\n# between\n\n# newer\n")
    (either.package / "rules.py").write_text("# ours\n# a sample\n")
    if not either.is_one:
        commit(either.root)
    commit(either.upstream, "v0.2.0")

    text = updated(either)["src/orders/rules.py"][0]

    assert text == b"# ours\n# a sample\n\n# between\n\n# newer\n"


def test_all_services_are_updated_at_once(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(home.service, home.root / "services" / "billing")
    home.improve()

    updated(home)

    told = capsys.readouterr().out
    assert "services/billing/" in told
    assert "services/orders/" in told
    assert "4 files changed" in told


@pytest.mark.parametrize("arguments", [[], ["repository"], ["repository", "v0.2.0"]])
def test_a_monorepos_platform_and_services_are_updated_together(
    monorepo: Home, arguments: list[str]
) -> None:
    add_line(monorepo.template.parents[1] / "plumbline/src/plumbline/app.py", "# newer")
    (monorepo.template.parents[1] / "plumbline/src/plumbline/old.py").unlink()
    monorepo.improve("v0.2.0")
    add_line(monorepo.platform / "src/plumbline/added.py", "# ours")
    commit(monorepo.root)

    files = updated(monorepo, *arguments)

    assert files[HEALTH][0].endswith(b"# newer\n")
    assert (monorepo.platform / "src/plumbline/app.py").read_text().endswith("# newer\n")
    assert not (monorepo.platform / "src/plumbline/old.py").exists()
    assert (monorepo.platform / "src/plumbline/added.py").exists()
    for folder in (monorepo.root, monorepo.service):
        assert answers(folder)["_commit"] == "v0.2.0"


def test_a_service_of_a_monorepo_is_not_updated_alone(monorepo: Home) -> None:
    monorepo.improve("v0.2.0")
    before = contents(monorepo.root)

    sentence = a_sentence(update.main(["orders"], monorepo.root))

    assert sentence.endswith("nox -s update -- repository v1.2.0.")
    assert contents(monorepo.root) == before


def test_a_monorepo_newer_than_the_newest_release_stays(
    monorepo: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    monorepo.improve()
    updated(monorepo, "repository", "HEAD")
    commit(monorepo.root)
    before = contents(monorepo.root)

    updated(monorepo)

    assert contents(monorepo.root) == before
    assert capsys.readouterr().out.count("nox -s update -- repository HEAD.\n") == 2


# What is left to the user


def upgrading(home: Home, *sections: str) -> None:
    """Write what releases leave to the user."""
    text = "\n\n".join(["# Upgrading", *sections])
    (home.template.parents[1] / "plumbline/UPGRADING.md").write_text(f"{text}\n")


def test_what_a_release_needs_by_hand_is_printed_once(
    carrier: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    old = "## v0.2.0\n\nRun `nox -s relock`."
    upgrading(carrier, old)
    carrier.improve("v0.2.0")
    updated(carrier)
    assert f"By hand, from plumbline/UPGRADING.md:\n{old}\n" in capsys.readouterr().out
    commit(carrier.root)
    upgrading(carrier, "## v0.3.0\n\nRename `settings.url`.", old)
    carrier.improve("v0.3.0")

    updated(carrier)

    printed = capsys.readouterr().out
    assert "## v0.3.0\n\nRename `settings.url`.\n" in printed
    assert "v0.2.0\n" not in printed


@pytest.mark.parametrize("is_changed", [True, False])
def test_new_dependencies_of_the_platform_need_a_relock(
    carrier: Home, capsys: pytest.CaptureFixture[str], *, is_changed: bool
) -> None:
    file = carrier.template.parents[1] / "plumbline/pyproject.toml"
    add_line(file, 'dependencies = ["httpx"]' if is_changed else "[tool.other]")
    carrier.improve("v0.2.0")

    updated(carrier)

    assert ("lock files are stale: nox -s relock." in capsys.readouterr().out) is is_changed


def test_only_the_named_service_is_updated(home: Home) -> None:
    billing = shutil.copytree(home.service, home.root / "services" / "billing")
    home.improve()
    before = contents(billing)

    updated(home, "orders")

    assert contents(billing) == before


def test_nothing_new_is_nothing_changed(either: Home, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(either.root)
    if either.is_one:
        add_line(either.root / "notes.md", "not of the template")
        commit(either.root)
        before = contents(either.root)

    updated(either)

    assert contents(either.root) == before
    assert capsys.readouterr().out == "There is nothing to update.\n"


# Which version


def test_the_newest_release_is_taken_elsewhere(apart: Home) -> None:
    for tag in ("v0.9.0", "v0.10.0", "v1.0.0rc1", "billing/v3.0.0"):
        apart.improve(tag)

    updated(apart)

    assert apart.answers()["_commit"] == "v0.10.0"


def test_a_release_is_recorded_whatever_other_tags_its_commit_has(apart: Home) -> None:
    apart.improve("orders/v3")
    git(apart.upstream, "tag", "--annotate", "--message=Newest of all", "v9-of-orders")
    git(apart.upstream, "tag", "v1.0.0")

    updated(apart)

    assert apart.answers()["_commit"] == "v1.0.0"


def test_tags_that_are_no_releases_are_never_recorded(home: Home) -> None:
    git(home.root, "tag", "--delete", "v0.1.0")
    home.improve("orders/v3")

    updated(home)

    assert home.answers()["_commit"] == git(home.root, "rev-parse", "--short", "HEAD")


def test_without_a_release_the_newest_commit_is_taken_elsewhere(apart: Home) -> None:
    git(apart.upstream, "tag", "--delete", "v0.1.0")
    apart.record(_commit=git(apart.upstream, "rev-parse", "HEAD"))
    commit(apart.root)
    apart.improve()

    updated(apart)

    assert apart.answers()["_commit"] == git(apart.upstream, "rev-parse", "--short", "HEAD")


def test_a_commit_that_looks_like_a_number_is_recorded_as_it_is_called(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.improve()
    monkeypatch.setattr(upstream, "described", lambda *_: "0123457")

    updated(home)

    assert home.answers()["_commit"] == "0123457"


@pytest.mark.parametrize("version", ["v0.2.0", "v0.1.0", "HEAD", "HEAD~1"])
def test_a_version_can_be_chosen(either: Home, version: str) -> None:
    either.improve("v0.2.0")
    either.improve("v0.3.0")
    updated(either)
    commit(either.root)
    expected = git(either.upstream, "rev-parse", f"{version}^{{}}")

    updated(either, "orders", version)

    now = git(either.upstream, "show", f"{expected}:template/src/{{{{package}}}}/health.py")
    assert (either.package / "health.py").read_text() == f"{now}\n"


def test_a_service_newer_than_the_newest_release_stays(
    apart: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    apart.improve()
    updated(apart, "orders", "HEAD")
    commit(apart.root)
    before = contents(apart.root)
    capsys.readouterr()

    updated(apart)

    assert contents(apart.root) == before
    assert "newer than the newest release v0.1.0" in capsys.readouterr().out


# Conflicts


def clash(home: Home) -> None:
    """Change one line on both sides, and another in the template."""
    for side, value in ((home.package, "2"), (home.template, "3")):
        text = (side / "health.py").read_text()
        (side / "health.py").write_text(text.replace("return 'up'", f"return {value}"))
    if not home.is_one:
        commit(home.root)
    home.improve("v0.2.0")


def test_a_conflict_is_a_failure_that_git_does_not_commit(either: Home) -> None:
    clash(either)

    sentence = a_sentence(update.main([], either.root))

    assert sentence.startswith(f"1 file is in conflict: decide in {either.shown(HEALTH)} ")
    text = (either.package / "health.py").read_text()
    assert "<<<<<<< yours\n    return 2\n=======\n    return 3\n>>>>>>> template-v0.2.0\n" in text
    assert text.endswith("# newer\n")
    unmerged = git(either.root, "ls-files", "--unmerged").splitlines()
    assert [line.split()[2:] for line in unmerged] == [
        [stage, either.shown(HEALTH)] for stage in "123"
    ]
    refused = call(either.root, "git", "commit", "--message=No", env={})
    assert refused.returncode != 0
    assert "unmerged" in refused.stdout + refused.stderr


def test_a_file_changed_here_and_deleted_there_is_a_conflict(either: Home) -> None:
    add_line(either.package / "old.py", "# ours")
    commit(either.root)
    (either.template / "old.py").unlink()
    commit(either.upstream, "v0.2.0")

    sentence = a_sentence(update.main([], either.root))

    name = either.shown("src/orders/old.py")
    way_out = f"the template has deleted {name}: git rm, or git add and accept it in pyproject.toml"
    assert sentence.startswith(f"1 file is in conflict: {way_out}; then commit")
    assert (either.package / "old.py").read_text().endswith("# ours\n")
    git(either.root, "add", name)
    git(either.root, "commit", "--quiet", "--message=Ours")
    accept(either, '"src/orders/old.py" = "ours"')
    assert drift.main([], either.root) is None


def test_each_sort_of_conflict_gets_its_own_way_out(apart: Home) -> None:
    add_line(apart.package / "old.py", "# ours")
    (apart.package / "settings.py").unlink()
    commit(apart.root)
    (apart.template / "old.py").unlink()
    add_line(apart.template / "settings.py.jinja", "# newer")
    clash(apart)

    sentence = a_sentence(update.main([], apart.root))

    assert sentence.startswith("3 files are in conflict: ")
    assert f"decide in {apart.shown(HEALTH)} what to keep, and git add; " in sentence
    assert f"the template has deleted {apart.shown('src/orders/old.py')}: git rm, or" in sentence
    assert f"you have deleted {apart.shown('src/orders/settings.py')}, and the" in sentence


def test_what_has_no_conflict_is_updated_beside_one(home: Home) -> None:
    billing = shutil.copytree(home.service, home.root / "services" / "billing")
    commit(home.root)
    clash(home)

    a_sentence(update.main([], home.root))

    assert (billing / HEALTH).read_text().endswith("# newer\n")
    git(home.root, "reset", "--quiet", "--hard")
    assert git(home.root, "status", "--porcelain") == ""


# Versions that no longer exist


def squash(home: Home) -> None:
    """Template and service come from a branch that was squashed."""
    git(home.root, "checkout", "--quiet", "--orphan", "squashed")
    git(home.root, "commit", "--quiet", "--message=One")
    git(home.root, "branch", "--quiet", "-D", "master")
    git(home.root, "tag", "--delete", "v0.1.0")
    forget(home.root)


def forget(repository: Path) -> None:
    """Let git drop what no branch or tag leads to."""
    git(repository, "reflog", "expire", "--expire=now", "--all")
    git(repository, "gc", "--quiet", "--prune=now")


def render_dirty(home: Home) -> None:
    """Copier records a commit of its own, for a template with changes, that exists nowhere."""
    home.record(_commit="v0.1.0-1-gdeadbee")
    commit(home.root)


def rewrite(home: Home) -> None:
    """The template's repository has another history than when the service was rendered."""
    add_line(home.template / "old.py", "# between")
    commit(home.upstream)
    between = git(home.upstream, "describe", "--tags", "--always")
    updated(home, "orders", "HEAD")
    assert home.answers()["_commit"] == between
    commit(home.root)
    git(home.upstream, "reset", "--quiet", "--hard", "v0.1.0")
    forget(home.upstream)


@pytest.mark.parametrize("lose", [squash, render_dirty])
def test_a_lost_version_beside_the_template_is_found_again(
    home: Home, lose: Callable[[Home], None]
) -> None:
    text = (home.package / "health.py").read_text()
    (home.package / "health.py").write_text(text.replace("'up'", "'ours'"))
    commit(home.root)
    lose(home)
    home.improve()

    files = updated(home)

    assert b"'ours'" in files[HEALTH][0]
    assert files[HEALTH][0].endswith(b"# newer\n")


@pytest.mark.parametrize("lose", [render_dirty, rewrite])
def test_a_lost_version_elsewhere_is_that_of_the_release_before(
    apart: Home, lose: Callable[[Home], None]
) -> None:
    lose(apart)
    text = (apart.package / "health.py").read_text()
    (apart.package / "health.py").write_text(text.replace("'up'", "'ours'"))
    commit(apart.root)
    apart.improve("v0.2.0")

    assert update.main([], apart.root) is None

    health = (apart.package / "health.py").read_text()
    assert "'ours'" in health
    assert health.endswith("# newer\n")


def test_a_version_that_nobody_knows_is_replaced_and_that_is_told(
    apart: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    apart.record(_commit="deadbeef")
    accept(apart, '"src/orders/old.py" = "ours"')
    for name in ("health.py", "old.py", "rules.py"):
        add_line(apart.package / name, "# ours")
    commit(apart.root)
    apart.improve("v0.2.0")

    files = updated(apart)

    assert b"# ours" not in files[HEALTH][0]
    for name in ("src/orders/old.py", "src/orders/rules.py"):
        assert files[name][0].endswith(b"# ours\n")
    assert "names 'deadbeef', which its template has no longer: the" in capsys.readouterr().out


def test_who_edits_the_template_and_syncs_in_one_commit_gets_no_conflict(home: Home) -> None:
    for value in ("2", "3"):
        for side in (home.template, home.package):
            text = (side / "health.py").read_text()
            (side / "health.py").write_text(f"{text.rpartition('return')[0]}return {value}\n")
        commit(home.root)
    text = (home.template / "health.py").read_text()
    (home.template / "health.py").write_text(text.replace("return 3", "return 4"))
    commit(home.root)

    assert updated(home)[HEALTH][0].endswith(b"return 4\n")


# What is refused


def changed_file(home: Home) -> None:
    add_line(home.service / "README.md", "not committed")


def staged_file(home: Home) -> None:
    changed_file(home)
    git(home.root, "add", ".")


def new_file(home: Home) -> None:
    add_line(home.package / "added.py", "# not committed")


@pytest.mark.parametrize("soil", [changed_file, staged_file, new_file])
def test_a_work_tree_with_changes_is_refused(either: Home, soil: Callable[[Home], None]) -> None:
    either.improve("v0.2.0")
    soil(either)
    before = contents(either.root)

    assert "commit or stash" in a_sentence(update.main([], either.root))

    assert contents(either.root) == before


def test_a_conflict_has_to_be_ended_first(home: Home) -> None:
    clash(home)
    a_sentence(update.main([], home.root))
    before = contents(home.root)

    assert "commit or stash" in a_sentence(update.main([], home.root))

    assert contents(home.root) == before


def without_git(home: Home) -> None:
    shutil.rmtree(home.root / ".git")


def without_commit(home: Home) -> None:
    without_git(home)
    git(home.root, "init", "--quiet")


def without_answers(home: Home) -> None:
    (home.service / ANSWERS).unlink()
    commit(home.root)


def without_template(home: Home) -> None:
    home.record(_src_path="git+file:///nowhere/at/all")
    commit(home.root)


def ignored_file_in_the_way(home: Home) -> None:
    add_line(home.template / "new.py", "NEW = True")
    add_line(home.service / ".gitignore", "new.py")
    commit(home.root)
    git(home.root, "add", "--force", "template")
    git(home.root, "commit", "--quiet", "--amend", "--no-edit")
    add_line(home.package / "new.py", "# ours, and ignored")


@pytest.mark.parametrize(
    ("arguments", "break_it", "reason"),
    [
        (["nowhere"], Home.improve, "There is no service 'nowhere'; there are: orders."),
        (["orders", "v7"], Home.improve, "There is no version 'v7' of the template"),
        (["orders", "-v"], Home.improve, "There is no version '-v' of the template"),
        (["orders", "HEAD", "HEAD"], Home.improve, "Name one service"),
        ([], without_git, "git init"),
        ([], without_commit, "commit first"),
        ([], without_answers, f"services/orders/{ANSWERS}: bring it back"),
        ([], without_template, "fix _src_path"),
        ([], ignored_file_in_the_way, "services/orders/src/orders/new.py is in the way"),
    ],
)
def test_what_cannot_be_updated_gets_one_sentence_and_no_change(
    home: Home, arguments: list[str], break_it: Callable[[Home], None], reason: str
) -> None:
    break_it(home)
    before = contents(home.root)

    assert reason in a_sentence(update.main(arguments, home.root))

    assert contents(home.root) == before


def test_a_git_that_cannot_merge_trees_gets_one_sentence(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    version = '[ "$5" = version ] && echo git version 2.34.1'
    old.write_text(f'#!/bin/sh\n{version} || exec {shutil.which("git")} "$@"\n')
    old.chmod(0o755)
    home.improve()
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")

    assert "git 2.38 or newer" in a_sentence(update.main([], home.root))


def test_the_sessions_hand_on_what_is_named(nox: Run) -> None:
    ended = nox("-s", "drift", "sync", "update", "--", "nowhere")

    assert ended.returncode == 1
    assert ended.stdout.count("There is no service 'nowhere'; there are: catalog.") == 3


def test_an_answer_that_the_template_no_longer_takes_gets_one_sentence(
    either: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_questions(either.upstream, service={"type": "str", "validator": "Choose 'billing'."})
    commit(either.upstream, "v0.2.0")
    before = contents(either.root)
    monkeypatch.chdir(either.root)

    sentence = a_sentence(update.main([], either.root))

    assert sentence == f"{either.shown(ANSWERS)}: Choose 'billing'."

    assert contents(either.root) == before


# Interruptions


@pytest.fixture
def terminal() -> Iterator[None]:
    """A Ctrl-C interrupts these tests, as in a terminal; in the background it would not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("terminal")
def test_a_ctrl_c_before_the_end_leaves_everything_as_it_was(
    either: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    either.improve("v0.2.0")
    before = contents(either.root)
    monkeypatch.setattr(Worker, "run_copy", lambda _: os.kill(os.getpid(), signal.SIGINT))

    with pytest.raises(KeyboardInterrupt):
        update.main([], either.root)

    assert contents(either.root) == before
    assert git(either.root, "status", "--porcelain") == ""
    assert len(git(either.root, "worktree", "list").splitlines()) == 1


@pytest.mark.usefixtures("terminal")
def test_a_ctrl_c_at_the_end_comes_too_late(either: Home, tmp_path: Path) -> None:
    """Git runs the filter in the midst of writing the files, out of reach of the terminal."""
    (either.service / ".gitattributes").write_text("health.py filter=press\n")
    commit(either.root)
    either.improve("v0.2.0")
    group = f"{sys.executable} -c 'import os; print(os.getpgrp())' > {tmp_path / 'group'}"
    git(either.root, "config", "filter.press.smudge", f"{group}; kill -INT {os.getpid()}; cat")

    files = updated(either)

    assert files[HEALTH][0].endswith(b"# newer\n")
    assert git(either.root, "diff", "--name-only") == ""
    assert int((tmp_path / "group").read_text()) != os.getpgrp()


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("session", [sync, update])
def test_a_ctrl_c_after_the_end_comes_too_late(
    home: Home, monkeypatch: pytest.MonkeyPatch, session: ModuleType
) -> None:
    home.improve()

    @contextmanager
    def press_at_the_end(root: Path) -> Iterator[Templates]:
        with templates_for(root) as templates:
            yield templates
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(session, "templates_for", press_at_the_end)

    assert session.main([], home.root) is None

    assert (home.package / "health.py").read_text().endswith("# newer\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("program", ["drift", "sync", "update", "render"])
def test_a_ctrl_c_gets_one_sentence_from_the_start(tmp_path: Path, program: str) -> None:
    """A library that is loaded, the slowest of them, stands for all that can be interrupted."""
    (tmp_path / "copier.py").write_text("import signal; signal.raise_signal(signal.SIGINT)\n")
    script = f"tests/gates/{program}.py"

    ended = call(ROOT, sys.executable, script, "orders", env={"PYTHONPATH": str(tmp_path)})

    assert ended.returncode == 130
    assert (ended.stdout, ended.stderr) == ("", "Interrupted: nothing is changed.\n")


@pytest.mark.usefixtures("terminal")
def test_a_ctrl_c_while_something_new_is_rendered_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_render(worker: Worker) -> None:
        Path(worker.dst_path).mkdir()
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Worker, "run_copy", half_render)

    with pytest.raises(KeyboardInterrupt):
        render(tmp_path / "orders", {"service": "orders"})

    assert not (tmp_path / "orders").exists()


@pytest.mark.usefixtures("terminal")
def test_a_ctrl_c_while_sync_writes_comes_too_late(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("health.py", "settings.py"):
        (home.package / name).unlink()
    commit(home.root)
    copy, pressed = shutil.copy, []

    def press(fresh: Path, path: Path) -> None:
        copy(fresh, path)
        if path.is_relative_to(home.service):
            os.kill(os.getpid(), signal.SIGINT)
            pressed.append(path)

    monkeypatch.setattr(shutil, "copy", press)

    assert sync.main([], home.root) is None

    assert home.package / "health.py" in pressed
    assert drift.main([], home.root) is None


def test_a_failure_of_git_leaves_everything_as_it_was(either: Home) -> None:
    either.improve("v0.2.0")
    (either.root / ".git/index.lock").touch()
    before = contents(either.root)

    a_sentence(update.main([], either.root))

    assert contents(either.root) == before


# The real template


def run_update(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `nox -s update` runs."""
    return call(root, sys.executable, "tests/gates/update.py", *arguments, env={})


def released(repository: Path) -> None:
    """Change the real template in every way that there is, and release that as 0.2.0."""
    template = repository / "template"
    package = template / "src" / "{{package}}"
    add_line(template / "Dockerfile.jinja", "# {{ colour }}")
    add_line(package / "app.py.jinja", "# of the next release")
    add_line(package / "migrations/env.py.jinja", "# of the next release")
    tests = template / "plumbline/tests/unit"
    (tests / "test_settings.py").unlink()
    (tests / "test_orm.py").rename(tests / "test_rows.py")
    (template / "plumbline/src/plumbline/paint.py").write_text('"""Paint."""\n')
    question = 'colour:\n  type: str\n  help: "Which colour it has."\n  default: red\n'
    add_line(repository / "copier.yml", question)
    commit(repository, "v0.2.0")


def add_invoices(root: Path, service: Path, staged: Path) -> None:
    """Render one more module, and put it in."""
    staged.mkdir()
    shutil.copy(service / ANSWERS, staged)
    answers = ["kind=module", "service=orders", "resources=invoices", "resource=invoice"]
    script = [sys.executable, "tests/gates/render.py", str(staged), "head=create_orders"]
    made = call(root, *script, *answers, env={})
    assert made.returncode == 0, made.stderr
    (staged / ANSWERS).unlink()
    shutil.copytree(staged, service, dirs_exist_ok=True)


@pytest.fixture(params=["in the template's repository", "elsewhere"])
def second_year(
    request: pytest.FixtureRequest,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Path, Path]:
    """A service of the real template that its team has made its own, and that was updated then.

    Gives its repository, and its folder in there.
    """
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "cache"))
    commit(repository, "v0.1.0")
    if request.param == "elsewhere":
        root = service = tmp_path / "orders"
        source, kind = f"git+{repository.as_uri()}", "standalone"
    else:
        root, service = repository, repository / "services" / "orders"
        source, kind = ".", "service"
    monkeypatch.chdir(repository)
    copier.run_copy(source, service, {"kind": kind}, defaults=True, quiet=True)
    commit(root)
    add_invoices(root, service, tmp_path / "staged")
    add_line(service / "README.md", "Of the team.")
    (service / "tests/integration/test_orders_flow.py").unlink()
    (service / "src/orders/rules.py").write_text('"""Of the team."""\n')
    commit(root)
    released(repository)
    done = call(root, sys.executable, "tests/gates/update.py", "orders", env={})
    assert done.returncode == 0, done.stdout + done.stderr
    return root, service


def test_a_service_of_the_real_template_lives_on(second_year: tuple[Path, Path]) -> None:
    root, service = second_year

    package, platform = service / "src/orders", service / "plumbline"
    assert (package / "migrations/env.py").read_text().endswith("# of the next release\n")
    assert (service / "Dockerfile").read_text().endswith("# red\n")
    if root == service:
        assert (platform / "src/plumbline/paint.py").is_file()
        assert (platform / "tests/unit/test_rows.py").is_file()
        for name in ("test_orm.py", "test_settings.py"):
            assert not (platform / "tests/unit" / name).exists()
    assert (service / "README.md").read_text().endswith("Of the team.\n")
    assert not (service / "tests/integration/test_orders_flow.py").exists()
    assert "next release" not in (package / "app.py").read_text()
    assert (package / "modules/invoices").is_dir()
    for name in (ANSWERS, ".copier-answers.invoices.yml"):
        assert "_commit: v0.2.0\n" in (service / name).read_text()
    gates = [f"{gate}(orders)" for gate in ("lint", "migration")]  # which read what has changed
    for sessions in (["drift", "--", "orders"], gates):
        checked = call(root, sys.executable, "-m", "nox", "-s", *sessions, env={})
        assert checked.returncode == 0, checked.stdout + checked.stderr


# Every release


def releases(root: Path) -> list[str]:
    """The released tags of a template, if its history is here."""
    return released_tags(root) if (root / ".git").exists() else []


def update_from(tag: str, repository: Path, folder: Path) -> Path:
    """Render at a release, update to HEAD, in a clone; gives the repository of the service."""
    clone = folder / "clone"
    git(folder, "clone", "--quiet", str(repository), str(clone))
    service = clone / "services" / "orders"
    data = {"service": "orders"}
    copier.run_copy(str(clone), service, data, vcs_ref=tag, defaults=True, quiet=True)
    commit(clone)
    assert update.main(["orders"], clone) is None
    return clone


@pytest.mark.parametrize("tag", releases(ROOT))
def test_a_service_of_every_release_can_be_updated(tag: str, tmp_path: Path) -> None:
    assert drift.main(["orders"], update_from(tag, ROOT, tmp_path)) is None


def test_a_release_that_cannot_be_updated_would_be_noticed(home: Home, tmp_path: Path) -> None:
    shutil.rmtree(home.service)
    home.improve("0.2.0")
    home.improve("billing/v1.0.0")
    write_questions(home.root, colour={"type": "str"})
    commit(home.root, "v0.3")
    home.improve("nightly")
    assert releases(home.root) == ["v0.1.0", "0.2.0", "v0.3"]

    with pytest.raises(AssertionError):
        update_from("v0.1.0", home.root, tmp_path)


def test_a_release_is_tested_from_its_tag_on(repository: Path) -> None:
    commit(repository, "v0.1.0")
    add_line(repository / "template/Dockerfile.jinja", "# newer")
    commit(repository)

    tests = "template/test_update.py::test_a_service_of_every_release_can_be_updated"
    done = call(repository / "tests", sys.executable, "-m", "pytest", "-v", tests, env={})

    assert "[v0.1.0] PASSED" in done.stdout
    assert "1 passed" in done.stdout

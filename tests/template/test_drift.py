"""`nox -s drift` shows what is no longer as the template renders it, `nox -s sync` repairs that."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import cast

import copier
import pytest

from gates import drift, sync, update
from gates.render import ANSWERS, ROOT, for_new
from gates.upstream import templates_for

from . import toy
from .test_catalog import add_a_line, make_executable
from .test_copier import add_line, commit, git
from .toy import Home, write_questions

OWNED = "src/orders/health.py"
PLATFORM_FILE = "plumbline/src/plumbline/app.py"
Change = Callable[[Path], object]


pristine, home, apart = toy.pristine, toy.home, toy.apart  # fixtures
monorepo, either = toy.monorepo, toy.either


def accept(home: Home, line: str) -> None:
    add_line(home.service / "pyproject.toml", f"[tool.drift.accepted]\n{line}")


def a_sentence(text: str | None) -> str:
    """What a session fails with: one sentence."""
    assert text is not None
    assert "\n" not in text
    assert text.endswith(".")
    return text


def drifted_in(home: Home) -> list[str]:
    """What is told of each file that drifted."""
    with templates_for(home.root) as templates:
        return [each.message for each in drift.compare(templates, home.service).red]


def drift_of(home: Home) -> list[str]:
    """The same without diffs."""
    return [told.splitlines()[0] for told in drifted_in(home)]


# What drift is, and what is none


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (add_a_line, "+# more"),
        (Path.unlink, f"{OWNED} is missing."),
        (make_executable, f"{OWNED} is executable on one side only."),
    ],
)
def test_a_changed_file_of_the_templates_is_drift(home: Home, change: Change, told: str) -> None:
    change(home.service / OWNED)

    [drift] = drifted_in(home)
    assert home.shown(OWNED) in drift
    assert told in drift


@pytest.mark.parametrize("change", [add_a_line, Path.unlink, make_executable])
@pytest.mark.parametrize("name", ["README.md", "src/orders/rules.py"])
def test_a_changed_file_of_the_teams_is_no_drift(home: Home, name: str, change: Change) -> None:
    change(home.service / name)

    assert drifted_in(home) == []


def test_a_file_that_the_team_has_added_is_no_drift(home: Home) -> None:
    (home.package / "added.py").touch()

    assert drifted_in(home) == []


def test_a_service_of_the_real_template_is_compared_wherever_it_is(service: Path) -> None:
    home = Home(ROOT, ROOT, service, ".")
    assert drift_of(home) == []

    add_a_line(service / "Dockerfile")
    add_a_line(service / "src/orders/migrations/env.py")
    add_a_line(service / "src/orders/app.py")

    assert len(drift_of(home)) == 2


def make_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere.py"))
    path.symlink_to("elsewhere.py")


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_a_file(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.touch()


def make_the_folder_a_link(path: Path) -> None:
    path.parent.rename(path.parents[2] / "elsewhere")
    path.parent.symlink_to("../elsewhere")


def test_a_link_where_a_file_should_be_is_drift(home: Home) -> None:
    make_a_link(home.package / "health.py")

    [told] = drift_of(home)
    assert told == f"{home.shown(OWNED)} is no plain file."


@pytest.mark.parametrize(
    ("change", "there"),
    [
        (make_a_folder, OWNED),
        (make_a_file, "src/orders"),
        (make_the_folder_a_link, "src/orders"),
    ],
)
def test_what_is_in_the_way_of_a_file_is_drift(home: Home, change: Change, there: str) -> None:
    change(home.package / "health.py")

    told = f"There can be no file {home.shown(OWNED)}: move {home.shown(there)}, which is"
    assert f"{told} in the way." in drift_of(home)


def test_what_is_behind_a_link_is_not_stale(home: Home) -> None:
    (home.template / "old.py").unlink()
    make_the_folder_a_link(home.package / "health.py")
    commit(home.root)

    assert not [told for told in drift_of(home) if "old.py" in told]


def test_mode_and_content_are_both_told(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    (home.service / "start.sh").chmod(0o644)
    (home.service / "start.sh").write_text("#!/bin/sh\nexec other")

    assert a_sentence(drift.main([], home.root)).startswith("1 file drifted: ")

    told = capsys.readouterr().out
    assert "start.sh is executable on one side only." in told
    assert "-exec serve\n+exec other\n\\ No newline at end of file\n" in told


def test_several_files_are_counted(home: Home) -> None:
    (home.package / "health.py").unlink()
    (home.package / "settings.py").unlink()

    assert a_sentence(drift.main([], home.root)).startswith("2 files drifted: ")


def test_a_service_is_held_to_the_templates_work_tree_beside_it(home: Home) -> None:
    add_line(home.template / "health.py", "# not committed")

    assert drift_of(home) == [f"--- template: {home.shown(OWNED)}"]


def test_a_service_elsewhere_is_held_to_the_version_that_it_has_recorded(apart: Home) -> None:
    apart.improve("v0.2.0")
    assert drift_of(apart) == []

    add_line(apart.package / "health.py", "# ours")
    assert drift_of(apart) == [f"--- template: {OWNED}"]


# The platform


@pytest.fixture(params=["monorepo", "standalone"])
def carrier(request: pytest.FixtureRequest) -> Home:
    """A repository that the platform was rendered into."""
    found = request.getfixturevalue("apart" if request.param == "standalone" else "monorepo")
    return cast("Home", found)


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        (PLATFORM_FILE, add_a_line, "+# more"),
        (PLATFORM_FILE, Path.unlink, f"{PLATFORM_FILE} is missing."),
        (PLATFORM_FILE, make_executable, f"{PLATFORM_FILE} is executable on one side only."),
        ("plumbline/src/added.py", Path.touch, "plumbline/src/added.py is stale or extra"),
        ("plumbline/added.md", Path.touch, "plumbline/added.md is stale or extra"),
    ],
)
def test_any_difference_in_the_platform_is_drift_that_can_be_accepted(
    carrier: Home, capsys: pytest.CaptureFixture[str], name: str, change: Change, told: str
) -> None:
    assert drift.main([], carrier.root) is None

    change(carrier.root / name)

    assert a_sentence(drift.main([], carrier.root)).startswith("1 file drifted: ")
    assert told in capsys.readouterr().out

    is_alone = carrier.service == carrier.root
    with (carrier.root / ("pyproject.toml" if is_alone else "drift.toml")).open("a") as file:
        file.write(f'[tool.drift.accepted]\n"{name}" = "until the next release"\n')
    assert drift.main([], carrier.root) is None
    assert f"{name} differs, accepted: until the next release\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        *("plumbline/.venv/bin/python", "plumbline/src/plumbline/__pycache__/app.pyc"),
        *("plumbline/.pytest_cache/README.md", "plumbline/.coverage", "plumbline/test.db-wal"),
        *("added.py", "tests/added.py", "src/old.py", ".github/workflows/deploy.yml"),
    ],
)
def test_caches_and_files_of_the_team_around_the_platform_are_no_drift(
    carrier: Home, name: str
) -> None:
    (carrier.root / name).parent.mkdir(parents=True, exist_ok=True)
    (carrier.root / name).touch()

    assert drift.main([], carrier.root) is None


def test_sync_makes_the_platform_that_of_the_template_again(carrier: Home) -> None:
    before = contents(carrier.root)
    (carrier.platform / "added.py").touch()
    (carrier.platform / "src/plumbline/app.py").write_text("APP = False\n")
    (carrier.platform / "src/plumbline/old.py").unlink()
    (carrier.platform / "pyproject.toml").chmod(0o755)
    commit(carrier.root)

    assert sync.main([], carrier.root) is None

    assert contents(carrier.root) == before


def test_a_monorepo_can_be_compared_without_its_services(monorepo: Home) -> None:
    (monorepo.package / "health.py").unlink()

    assert drift.main(["repository"], monorepo.root) is None
    assert a_sentence(drift.main([], monorepo.root)).startswith("1 file drifted: ")


# Stale files


def stale(home: Home, name: str) -> str:
    return f"{home.shown(name)} is stale or extra: the template has no such file."


def test_what_the_template_has_deleted_is_stale(either: Home) -> None:
    (either.template / "old.py").unlink()
    commit(either.upstream, "v0.2.0")
    if not either.is_one:  # as Copier leaves it when it renders anew
        copier.run_recopy(either.service, defaults=True, overwrite=True, quiet=True)
        commit(either.root)

    [told] = drift_of(either)
    assert told == stale(either, "src/orders/old.py")

    (either.package / "old.py").unlink()
    assert drift_of(either) == []


def test_what_is_about_to_be_deleted_from_the_template_is_stale(home: Home) -> None:
    (home.template / "old.py").unlink()

    assert len(drift_of(home)) == 1


def test_a_renamed_file_is_missing_and_stale(home: Home) -> None:
    git(home.root, "mv", str(home.template / "old.py"), str(home.template / "new.py.jinja"))
    commit(home.root)

    new = home.shown("src/orders/new.py")
    assert drift_of(home) == [f"{new} is missing.", stale(home, "src/orders/old.py")]


def test_what_is_linked_into_the_template_can_be_stale_too(home: Home) -> None:
    (home.root / "shared").mkdir()
    (home.root / "shared/gate.py").touch()
    (home.root / "shared/gone.py").touch()
    (home.root / "template/gates").symlink_to("../shared")
    shutil.copytree(home.root / "shared", home.service / "gates")
    commit(home.root)
    assert drift_of(home) == []

    (home.root / "shared/gone.py").unlink()
    commit(home.root)

    assert drift_of(home) == [stale(home, "gates/gone.py")]


def test_what_was_seeded_is_not_stale(home: Home) -> None:
    (home.template / "rules.py").unlink()
    commit(home.root)

    assert drift_of(home) == []


def test_what_the_template_renders_for_other_kinds_is_not_stale(home: Home) -> None:
    (home.service / "plumbline").mkdir()
    (home.service / "plumbline/added.py").touch()

    assert drift_of(home) == []


def test_a_stale_file_is_found_without_history(home: Home) -> None:
    (home.template / "old.py").unlink()
    shutil.rmtree(home.root / ".git")

    assert drift_of(home) == [stale(home, "src/orders/old.py")]


# Accepted deviations


def delete_from_the_template(home: Home) -> str:
    (home.template / "old.py").unlink()
    commit(home.root)
    return "src/orders/old.py"


def edit(home: Home) -> str:
    add_line(home.package / "health.py", "# ours")
    return OWNED


def delete(home: Home) -> str:
    (home.package / "health.py").unlink()
    return OWNED


def forget_the_answers(home: Home) -> str:
    (home.service / ANSWERS).unlink()
    return ANSWERS


DEVIATIONS = [edit, delete, delete_from_the_template, forget_the_answers]


@pytest.mark.parametrize("deviate", DEVIATIONS)
def test_an_accepted_deviation_is_told_and_not_red(
    home: Home, capsys: pytest.CaptureFixture[str], deviate: Callable[[Home], str]
) -> None:
    name = deviate(home)
    assert drift.main([], home.root)

    accept(home, f'"{name}" = "also asks the warehouse"')
    capsys.readouterr()

    assert drift.main([], home.root) is None
    told = capsys.readouterr().out
    assert f"{home.shown(name)} differs, accepted: also asks the warehouse\n" in told


@pytest.mark.parametrize("reason", ['""', '" "', "3", "true"])
def test_an_accepted_deviation_needs_a_reason(
    home: Home, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    accept(home, f'"{edit(home)}" = {reason}')

    assert a_sentence(drift.main([], home.root))
    assert f"accepts {OWNED} without a reason: write why" in capsys.readouterr().out


@pytest.mark.parametrize("name", [OWNED, "README.md", "src/orders/rules.py", "nowhere.py"])
def test_what_is_accepted_must_deviate(
    home: Home, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    accept(home, f'"{name}" = "once it did"')

    assert a_sentence(drift.main([], home.root))
    assert f"accepts {name}, which does not differ" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[tool.drift\n", "is not valid TOML"),
        ("[tool]\ndrift = 3\n", "nothing but the table accepted"),
        ("[tool.drift]\naccepted = ['src/orders/health.py']\n", "nothing but the table accepted"),
        ("[tool.drift.acepted]\n", "nothing but the table accepted"),
    ],
)
def test_what_cannot_be_understood_is_not_passed_over(home: Home, text: str, reason: str) -> None:
    add_line(home.service / "pyproject.toml", text)

    assert reason in a_sentence(drift.main([], home.root))


# What cannot be compared


def test_an_unknown_service_gets_the_names_of_those_there_are(home: Home) -> None:
    for session in (drift, sync):
        sentence = a_sentence(session.main(["nowhere"], home.root))
        assert sentence == "There is no service 'nowhere'; there are: orders."


def test_where_there_is_nothing_yet_the_way_to_it_is_told(home: Home) -> None:
    shutil.rmtree(home.root / "services")

    assert "nox -s new -- orders" in a_sentence(drift.main([], home.root))


@pytest.mark.parametrize("text", ["", "a: [", "\x00"])
def test_answers_that_cannot_be_read_get_one_sentence(
    home: Home, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (home.service / ANSWERS).write_text(text)
    monkeypatch.chdir(home.root)

    sentence = a_sentence(drift.main([], home.root))

    assert sentence.startswith(f"{home.shown(ANSWERS)} ")
    assert "bring it back from git" in sentence


def test_an_answer_that_the_template_cannot_take_is_told_with_its_file(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_questions(home.root, service={"type": "str", "validator": "Choose 'billing'."})
    monkeypatch.chdir(home.root)

    for session in (drift, sync):
        sentence = a_sentence(session.main([], home.root))
        assert sentence == f"{home.shown(ANSWERS)}: Choose 'billing'."


@pytest.mark.parametrize("session", [drift, sync])
def test_a_service_without_answers_gets_a_way_out(home: Home, session: ModuleType) -> None:
    (home.service / ANSWERS).unlink()
    commit(home.root)

    sentence = a_sentence(session.main([], home.root))

    assert sentence == (
        f"{home.shown(ANSWERS)} is missing: bring it back from git, or accept that in"
        f" {home.shown('pyproject.toml')} with a reason."
    )


def test_a_monorepo_without_answers_is_red(monorepo: Home) -> None:
    (monorepo.root / ANSWERS).unlink()

    sentence = a_sentence(drift.main([], monorepo.root))
    assert sentence.startswith(f"{ANSWERS} is missing: bring it back from git, or accept that in")

    (monorepo.root / "drift.toml").write_text(f'[tool.drift.accepted]\n"{ANSWERS}" = "by hand"\n')
    assert drift.main([], monorepo.root) is None


@pytest.mark.parametrize("source", [".", "./", ""])
def test_a_template_that_is_no_more_than_here_gets_one_sentence(apart: Home, source: str) -> None:
    apart.record(_src_path=source)
    commit(apart.root)

    for session in (drift, sync, update):
        sentence = a_sentence(session.main([], apart.root))
        assert "is this repository, which is no template: write" in sentence


def test_a_module_whose_version_is_gone_is_told_with_the_file_of_its_service(
    apart: Home, tmp_path: Path
) -> None:
    apart.record(_commit="v0.0.9")
    staged = tmp_path / "new" / "orders"
    staged.mkdir(parents=True)
    shutil.copy(apart.service / ANSWERS, staged)

    with templates_for(apart.root) as templates, pytest.raises(ValueError, match="names") as told:
        for_new(templates, staged)

    assert str(told.value).startswith(f"{ANSWERS} names ")


def test_a_version_that_is_gone_gets_one_sentence(apart: Home) -> None:
    apart.record(_commit="v0.0.9-3-gabcdef0")

    sentence = a_sentence(drift.main([], apart.root))

    assert "names 'v0.0.9-3-gabcdef0', which" in sentence
    assert "nox -s update" in sentence


def test_a_template_that_is_gone_gets_one_sentence(apart: Home) -> None:
    shutil.rmtree(apart.upstream)

    assert "fix _src_path" in a_sentence(drift.main([], apart.root))


# Repairs


def contents(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Each file outside of .git: what is in it, and whether it can be run."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), os.access(path, os.X_OK))
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def spoil(home: Home) -> None:
    """Make every kind of drift, and changes of the team's, and commit them."""
    (home.package / "health.py").write_text("# ours\n")
    (home.package / "settings.py").unlink()
    (home.service / "start.sh").chmod(0o644)
    (home.package / "rules.py").write_text("# of the team\n")
    (home.package / "added.py").write_text("# of the team\n")
    (home.service / "README.md").unlink()
    if home.is_one:
        (home.template / "old.py").unlink()
    commit(home.root)


def test_sync_repairs_all_drift_and_leaves_the_teams_files(
    either: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(either.service)
    spoil(either)
    spoiled = contents(either.service)

    assert sync.main([], either.root) is None

    repaired = contents(either.service)
    told = capsys.readouterr().out
    assert drift_of(either) == []
    expected = {"health.py": "repaired", "settings.py": "repaired"}
    for name, done in expected.items():
        assert f"{done}: {either.shown(f'src/orders/{name}')}\n" in told
        assert repaired[f"src/orders/{name}"] == before[f"src/orders/{name}"]
    assert repaired["start.sh"] == before["start.sh"]
    for name in ("src/orders/rules.py", "src/orders/added.py"):
        assert repaired[name] == spoiled[name]
    assert "README.md" not in repaired
    assert ("src/orders/old.py" in repaired) is not either.is_one
    assert f"{4 if either.is_one else 3} files repaired" in told


def test_sync_records_the_templates_commit_where_it_repairs(home: Home) -> None:
    home.improve()
    now = git(home.root, "describe", "--tags", "--always")

    assert sync.main([], home.root) is None

    assert (home.answers()["_commit"], home.answers()["_src_path"]) == (now, ".")
    commit(home.root)
    before = contents(home.root)
    assert sync.main([], home.root) is None
    assert contents(home.root) == before


def test_sync_leaves_what_is_accepted(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    accept(home, f'"{edit(home)}" = "ours"')
    (home.package / "settings.py").unlink()
    commit(home.root)

    assert sync.main(["orders"], home.root) is None

    assert (home.package / "health.py").read_text().endswith("# ours\n")
    assert (home.package / "settings.py").is_file()
    assert "accepted: ours" in capsys.readouterr().out
    assert drift.main([], home.root) is None


def unstaged(home: Home) -> None:
    edit(home)


def staged_and_changed_again(home: Home) -> None:
    edit(home)
    git(home.root, "add", ".")
    edit(home)


def untracked(home: Home) -> None:
    git(home.root, "rm", "-q", "--cached", home.shown(OWNED))
    git(home.root, "commit", "--quiet", "--message=Not this")
    edit(home)


def ignored(home: Home) -> None:
    add_line(home.root / ".gitignore", "health.py")
    untracked(home)


def no_git(home: Home) -> None:
    edit(home)
    shutil.rmtree(home.root / ".git")


@pytest.mark.parametrize(
    ("lose", "mend"),
    [
        (unstaged, "commit or stage them first"),
        (staged_and_changed_again, "commit or stage them first"),
        (untracked, "commit or stage them first"),
        (ignored, "commit or stage them first"),
        (no_git, "git init, and commit"),
    ],
)
def test_sync_touches_nothing_when_git_could_not_bring_it_back(
    home: Home, lose: Callable[[Home], None], mend: str
) -> None:
    (home.package / "settings.py").unlink()
    commit(home.root)
    lose(home)
    before = contents(home.root)

    assert mend in a_sentence(sync.main([], home.root))

    assert contents(home.root) == before


@pytest.mark.parametrize("change", [make_a_folder, make_a_file, make_the_folder_a_link])
def test_sync_touches_nothing_when_something_is_in_the_way(home: Home, change: Change) -> None:
    (home.service / "start.sh").unlink()
    change(home.package / "health.py")
    commit(home.root)
    if (home.package / "health.py").is_file():
        edit(home)  # behind the link, where git sees nothing of it
    before = contents(home.root)

    assert "which is in the way" in a_sentence(sync.main([], home.root))

    assert contents(home.root) == before


def test_sync_puts_a_file_where_there_is_a_link(home: Home) -> None:
    make_a_link(home.package / "health.py")
    commit(home.root)
    before = (home.package / "elsewhere.py").read_text()
    add_line(home.template / "health.py", "# newer")

    assert sync.main([], home.root) is None

    assert not (home.package / "health.py").is_symlink()
    assert (home.package / "elsewhere.py").read_text() == before


def as_a_user(path: Path, _: int) -> bool:
    """What `os.access` says of writing, also to who may write everywhere."""
    return bool(path.stat().st_mode & 0o200)


def test_sync_touches_nothing_when_a_folder_cannot_be_written_to(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_executable(home.service / "pyproject.toml")
    (home.service / "start.sh").unlink()
    delete(home)
    commit(home.root)
    home.package.chmod(0o555)
    monkeypatch.setattr(os, "access", as_a_user)
    before = contents(home.service)

    sentence = a_sentence(sync.main([], home.root))

    assert sentence.startswith(f"Nothing can be written to {home.shown('src/orders')}: chmod u+w")
    assert contents(home.service) == before


def test_sync_replaces_a_file_that_is_read_only(home: Home) -> None:
    edit(home)
    commit(home.root)
    (home.service / OWNED).chmod(0o444)
    number = (home.service / OWNED).stat().st_ino
    held = (home.service / OWNED).open()  # keeps its number from being given again

    assert sync.main([], home.root) is None

    held.close()
    assert drift_of(home) == []
    assert (home.service / OWNED).stat().st_ino != number


def test_what_sync_did_before_it_failed_is_told_and_the_rest_comes_next_time(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("health.py", "settings.py"):
        (home.package / name).unlink()
    commit(home.root)

    copy = shutil.copy

    def copy_all_but_one(fresh: Path, path: Path) -> None:
        if path == home.package / "settings.py":
            raise OSError(errno.ENOSPC, "No space left on device")
        copy(fresh, path)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy", copy_all_but_one)
        sentence = a_sentence(sync.main([], home.root))

    assert "fix this and sync again: [Errno 28] No space left" in sentence
    assert capsys.readouterr().out == f"repaired: {home.shown(OWNED)}\n"
    assert sync.main([], home.root) is None
    assert f"repaired: {home.shown('src/orders/settings.py')}\n" in capsys.readouterr().out
    assert drift_of(home) == []


def test_sync_repairs_no_service_when_another_would_lose_something(home: Home) -> None:
    shutil.copytree(home.service, home.root / "services" / "billing")
    (home.root / "services/billing" / OWNED).unlink()
    commit(home.root)
    unstaged(home)

    assert "services/orders" in a_sentence(sync.main([], home.root))

    assert not (home.root / "services/billing" / OWNED).exists()


@pytest.mark.parametrize(
    "change", [delete, lambda home: git(home.root, "add", home.shown(edit(home)))]
)
def test_sync_repairs_what_git_has(home: Home, change: Change) -> None:
    change(home)  # type: ignore[arg-type] # of a home, not of a path

    assert sync.main([], home.root) is None

    assert drift_of(home) == []

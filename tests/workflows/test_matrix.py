"""Which services a change selects, on real histories of git."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gates.matrix import jobs, main, selected

EVERY = ["catalog", "orders"]
CLASSIFIERS = '"Programming Language :: Python :: 3.11", "Programming Language :: Python :: 3.12"'
PYPROJECT = f"[project]\nclassifiers = [{CLASSIFIERS}]\n"


class History:
    """A repository of two services, with one commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")
        for path in ("README.md", "docs/tutorial.md", "noxfile.py"):
            self.write(path)
        for service in EVERY:
            self.write(f"services/{service}/pyproject.toml", PYPROJECT)
            self.write(f"services/{service}/src/app.py", f"name = {service!r}\n")
        self.first = self.commit()

    def git(self, *arguments: str) -> str:
        git = ["git", *arguments]
        done = subprocess.run(git, cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, path: str, text: str = "changed\n") -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=A change")
        return self.git("rev-parse", "HEAD")

    def change(self, *paths: str) -> str:
        for path in paths:
            self.write(path, f"changed after {self.git('rev-parse', 'HEAD')}\n")
        return self.commit()


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's settings of git, and GitHub's files, out of the tests."""
    for name in [*os.environ]:
        if name.startswith("GIT"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")


@pytest.fixture
def history(tmp_path: Path) -> History:
    root = tmp_path / "repository"
    root.mkdir()
    return History(root)


# What is printed


def test_each_service_gets_a_job_for_each_python_of_its_classifiers(history: History) -> None:
    third = PYPROJECT.replace("3.12", "3.14")
    history.write("services/orders/pyproject.toml", third)

    assert jobs(history.root, EVERY) == [
        {"service": "catalog", "python": "3.11"},
        {"service": "catalog", "python": "3.12"},
        {"service": "orders", "python": "3.11"},
        {"service": "orders", "python": "3.14"},
    ]


def test_the_jobs_are_printed_and_added_to_the_outputs_of_the_github_step(
    history: History,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("earlier=1\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    history.change("services/orders/src/app.py")

    assert main(history.root, [history.first]) is None

    printed = capsys.readouterr().out
    matrix, any_ = printed.splitlines()
    assert json.loads(matrix.removeprefix("matrix=")) == {"include": jobs(history.root, ["orders"])}
    assert any_ == "any=true"
    assert outputs.read_text() == "earlier=1\n" + printed


def test_no_service_is_an_empty_matrix(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(history.root, ["HEAD"]) is None
    assert capsys.readouterr().out == 'matrix={"include":[]}\nany=false\n'


def test_the_program_works_in_the_current_folder(history: History) -> None:
    history.change("services/orders/src/app.py")
    program = [sys.executable, str(Path(__file__).parents[1] / "gates/matrix.py"), history.first]

    done = subprocess.run(program, cwd=history.root, check=True, capture_output=True, text=True)

    assert '"orders"' in done.stdout
    assert '"catalog"' not in done.stdout


@pytest.mark.parametrize(
    "arguments", [["main", "HEAD"], ["--help"], ["--output=taken"]], ids=" ".join
)
def test_bad_usage_gets_one_sentence(history: History, arguments: list[str]) -> None:
    expected = "Name one commit to compare with, or none: nox -s matrix -- <base>."
    assert main(history.root, arguments) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'names no Python to test on: add "Programming Language :: Python :: 3.11"'),
        ("[project", "is not valid TOML, mend it: "),
    ],
)
def test_a_service_that_names_no_python_is_not_left_out_silently(
    history: History, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    history.write("services/orders/pyproject.toml", text)

    reason = main(history.root, [])

    assert reason is not None
    assert reason.startswith(f"services/orders/pyproject.toml {sentence}")
    assert capsys.readouterr().out == ""


# What a change selects


@pytest.mark.parametrize("base", ["", None])
def test_without_a_base_every_service_is_selected(
    history: History, capsys: pytest.CaptureFixture[str], base: str | None
) -> None:
    assert main(history.root, [] if base is None else [base]) is None
    printed = capsys.readouterr()
    assert all(f'"{service}"' in printed.out for service in EVERY)
    assert printed.err == ""


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["services/orders/src/app.py"], ["orders"]),
        (["services/orders/README.md"], ["orders"]),
        (["services/orders/src/crème brûlée.py"], ["orders"]),
        (["services/orders/src/app.py", "services/catalog/uv.lock"], EVERY),
        (["README.md", "docs/tutorial.md", "docs/pictures/map.svg"], []),
        (["README.md", "services/orders/src/app.py"], ["orders"]),
        (["noxfile.py"], EVERY),
        (["template/README.md"], EVERY),
        (["tests/gates/layers.py", "services/orders/src/app.py"], EVERY),
        ([".github/workflows/ci.yml"], EVERY),
        (["services/shared.toml"], EVERY),
    ],
    ids=lambda value: " ".join(value) or "none",
)
def test_a_change_selects_the_services_that_it_concerns(
    history: History, paths: list[str], expected: list[str]
) -> None:
    history.change(*paths)
    assert selected(history.root, history.first) == expected


def test_all_commits_since_the_base_count(history: History) -> None:
    history.change("services/orders/src/app.py")
    history.change("services/catalog/src/app.py")
    history.change("README.md")

    assert selected(history.root, history.first) == EVERY
    assert selected(history.root, "HEAD~1") == []


def test_a_file_that_moves_between_services_selects_both(history: History) -> None:
    history.git("mv", "services/orders/src/app.py", "services/catalog/src/moved.py")
    history.commit()

    assert history.git("diff", "--name-status", "-M", history.first).startswith("R100")
    assert selected(history.root, history.first) == EVERY


def test_a_file_that_moves_out_of_the_shared_ones_selects_all(history: History) -> None:
    history.git("mv", "noxfile.py", "docs/noxfile.py")
    history.commit()

    assert selected(history.root, history.first) == EVERY


def test_a_deleted_file_selects_its_service(history: History) -> None:
    history.git("rm", "--quiet", "services/orders/src/app.py")
    history.commit()

    assert selected(history.root, history.first) == ["orders"]


def test_a_deleted_service_is_not_selected(history: History) -> None:
    history.git("rm", "-r", "--quiet", "services/orders")
    history.commit()

    assert selected(history.root, history.first) == []


def test_a_service_with_a_new_name_is_selected_under_it(history: History) -> None:
    history.git("mv", "services/orders", "services/purchases")
    history.commit()

    assert selected(history.root, history.first) == ["purchases"]


def test_what_happened_on_the_base_since_does_not_count(history: History) -> None:
    history.git("switch", "--quiet", "--create=feature")
    history.change("services/orders/src/app.py")
    history.git("switch", "--quiet", "main")
    history.change("services/catalog/src/app.py")
    history.git("switch", "--quiet", "feature")

    assert selected(history.root, "main") == ["orders"]


def test_a_merge_of_the_base_does_not_count(history: History) -> None:
    history.git("switch", "--quiet", "--create=feature")
    history.change("services/orders/src/app.py")
    history.git("switch", "--quiet", "main")
    history.change("services/catalog/src/app.py")
    history.git("switch", "--quiet", "feature")
    history.git("merge", "--quiet", "--no-edit", "main")

    assert selected(history.root, "main") == ["orders"]
    assert selected(history.root, history.first) == EVERY


def test_the_merge_that_github_tests_for_a_pull_request_counts_its_branch(
    history: History,
) -> None:
    history.git("switch", "--quiet", "--create=feature")
    history.change("services/orders/src/app.py")
    history.git("switch", "--quiet", "main")
    base = history.change("services/catalog/src/app.py")
    history.git("switch", "--quiet", "--detach", "main")
    history.git("merge", "--quiet", "--no-edit", "feature")

    assert selected(history.root, base) == ["orders"]


def test_what_is_not_committed_does_not_count(history: History) -> None:
    history.write("services/orders/src/app.py")

    assert selected(history.root, "HEAD") == []


# What git cannot tell


@pytest.mark.parametrize("base", ["0" * 40, "f" * 40, "no-such-branch", "noxfile.py"])
def test_an_unknown_base_selects_all_and_says_so(
    history: History, capsys: pytest.CaptureFixture[str], base: str
) -> None:
    assert selected(history.root, base) == EVERY
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"All services, as '{base}' cannot be compared with HEAD: fatal: ")


def test_a_base_that_a_shallow_clone_lacks_selects_all(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history.change("services/orders/src/app.py")
    shallow = tmp_path / "shallow"
    history.git("clone", "--quiet", "--depth=1", history.root.as_uri(), str(shallow))

    assert selected(shallow, history.first) == EVERY
    assert "All services" in capsys.readouterr().err


def test_a_base_without_a_common_commit_selects_all(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    history.git("switch", "--quiet", "--orphan=elsewhere")
    history.write("README.md")
    history.commit()
    history.git("switch", "--quiet", "main")

    assert selected(history.root, "elsewhere") == EVERY
    assert "no merge base" in capsys.readouterr().err


def test_a_plain_folder_selects_all(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (history.root / ".git").rename(tmp_path / "not here")

    assert selected(history.root, "main") == EVERY
    assert "All services" in capsys.readouterr().err


def test_a_machine_without_git_selects_all(
    history: History,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

    assert selected(history.root, "main") == EVERY
    assert "All services" in capsys.readouterr().err

"""What a change selects, services and sessions, on real histories of git."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gates.matrix import Plan, concern, jobs, main, planned

SERVICES = ["catalog", "orders"]
EVERY = ["plumbline", *SERVICES]
PLATFORM = "template/plumbline"
OURS = ["repository", "workflows", "drift", "workflow_tests", "docs", "template", "mutants"]
A_TEAMS = ["workflows", "drift"]
EVERYTHING = (EVERY, OURS)
CLASSIFIERS = '"Programming Language :: Python :: 3.11", "Programming Language :: Python :: 3.12"'
PYPROJECT = f"[project]\nname = 'alone'\nclassifiers = [{CLASSIFIERS}]\n"


TESTS = Path(__file__).parents[1]


class History:
    """A repository of the platform and two services, with one commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")
        for path in ("README.md", "docs/tutorial.md", "noxfile.py"):
            self.write(path)
        self.write(f"{PLATFORM}/pyproject.toml", PYPROJECT)
        for service in SERVICES:
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


def concern_of(path: str) -> Plan:
    """Return what a change of a file of this repository concerns, with the services from here."""
    return concern(TESTS.parent, path, Plan(*EVERYTHING))


def selected(history: History, base: str) -> list[str]:
    """Return the projects that are selected."""
    return planned(history.root, OURS, base).projects


@pytest.fixture
def history(tmp_path: Path) -> History:
    root = tmp_path / "repository"
    root.mkdir()
    return History(root)


# What is printed


def test_each_project_gets_a_job_for_each_python_of_its_classifiers(history: History) -> None:
    history.write("services/orders/pyproject.toml", PYPROJECT.replace("3.12", "3.14"))
    history.write(f"{PLATFORM}/pyproject.toml", PYPROJECT.replace("3.12", "3.13"))

    assert jobs(history.root, EVERY) == [
        {"service": "plumbline", "python": "3.11"},
        {"service": "plumbline", "python": "3.13"},
        {"service": "catalog", "python": "3.11"},
        {"service": "catalog", "python": "3.12"},
        {"service": "orders", "python": "3.11"},
        {"service": "orders", "python": "3.14"},
    ]


def test_the_plan_is_printed_and_added_to_the_outputs_of_the_github_step(
    history: History,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("earlier=1\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    history.change("services/orders/src/app.py", "docs/tutorial.md")

    assert main(history.root, [" ".join(OURS), history.first]) is None

    printed = capsys.readouterr().out
    matrix, *others = printed.splitlines()
    assert json.loads(matrix.removeprefix("matrix=")) == {"include": jobs(history.root, ["orders"])}
    assert others == [
        "any=true",
        "coverage=coverage(orders)",
        "python=3.12",
        "sessions=drift docs mutants",
    ]
    assert outputs.read_text() == "earlier=1\n" + printed


def test_nothing_is_an_empty_plan(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(history.root, ["drift", "HEAD"]) is None
    assert capsys.readouterr().out == (
        'matrix={"include":[]}\nany=false\ncoverage=\npython=\nsessions=\n'
    )


def test_the_coverage_is_judged_for_every_service_on_the_newest_python(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    older = PYPROJECT.replace("3.11", "3.9").replace("3.12", "3.10")
    history.write("services/orders/pyproject.toml", older)

    assert main(history.root, [""]) is None

    printed = capsys.readouterr().out.splitlines()
    assert "coverage=coverage(plumbline) coverage(catalog) coverage(orders)" in printed
    assert "python=3.12" in printed


def test_the_program_works_in_the_current_folder(history: History) -> None:
    history.change("services/orders/src/app.py")
    program = [sys.executable, str(Path(__file__).parents[1] / "gates/matrix.py"), "drift"]

    done = subprocess.run(
        [*program, history.first], cwd=history.root, check=True, capture_output=True, text=True
    )

    assert '"orders"' in done.stdout
    assert '"catalog"' not in done.stdout


@pytest.mark.parametrize(
    "arguments", [["main", "HEAD"], ["--help"], ["--output=taken"]], ids=" ".join
)
def test_bad_usage_gets_one_sentence(history: History, arguments: list[str]) -> None:
    expected = "Name one commit to compare with, or none: nox -s matrix -- <base>."
    assert main(history.root, ["drift", *arguments]) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'names no Python to test on: add "Programming Language :: Python :: 3.11"'),
        ("[project", "is not valid TOML, fix it: "),
    ],
)
def test_a_service_that_names_no_python_is_not_left_out_silently(
    history: History, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    history.write("services/orders/pyproject.toml", text)

    reason = main(history.root, ["drift"])

    assert reason is not None
    assert reason.startswith(f"services/orders/pyproject.toml {sentence}")
    assert capsys.readouterr().out == ""


# What a change selects


@pytest.mark.parametrize("base", [[], [""]], ids=repr)
def test_without_a_base_everything_is_selected(
    history: History, capsys: pytest.CaptureFixture[str], base: list[str]
) -> None:
    assert planned(history.root, OURS, *base) == Plan(*EVERYTHING)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("paths", "services", "sessions"),
    [
        (["services/orders/src/app.py"], ["orders"], "drift mutants"),
        (["services/orders/README.md"], ["orders"], "drift docs mutants"),
        (["services/orders/docs/README.md"], ["orders"], "drift mutants"),
        (["services/orders/src/crème brûlée.py"], ["orders"], "drift mutants"),
        (["services/orders/src/two\nlines.py"], *EVERYTHING),
        (["services/catalog/src/app.py"], ["catalog"], "drift docs template mutants"),
        (
            ["services/catalog/uv.lock", "services/orders/uv.lock"],
            SERVICES,
            "drift docs template mutants",
        ),
        (["services/shared.toml"], *EVERYTHING),
        (["services/shared/money.py"], *EVERYTHING),
        (["README.md", "docs/tutorial.md", "docs/pictures/map.svg"], [], "docs"),
        (["README.md", "services/orders/src/app.py"], ["orders"], "drift docs mutants"),
        (["tests/docs/test_pages.py"], [], "repository docs"),
        (["tests/workflows/test_matrix.py"], [], "repository workflow_tests"),
        (["tests/template/planted/test_isolation.py"], [], "repository template"),
        (["tests/bench/growth.py"], [], "repository"),
        (["tests/bench/growth.py", "docs/benchmarks.md"], [], "repository docs"),
        (["tests/gates/layers.py", "services/orders/src/app.py"], *EVERYTHING),
        (["tests/copies.py"], *EVERYTHING),
        (["noxfile.py"], *EVERYTHING),
        (["copier.yml"], *EVERYTHING),
        (["template/README.md"], *EVERYTHING),
        ([f"{PLATFORM}/src/plumbline/app.py"], *EVERYTHING),
        ([f"{PLATFORM}/tests/unit/test_orm.py"], *EVERYTHING),
        ([".github/workflows/ci.yml"], *EVERYTHING),
        ([".gitignore"], *EVERYTHING),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_change_selects_what_it_concerns(
    history: History, paths: list[str], services: list[str], sessions: str | list[str]
) -> None:
    history.change(*paths)
    expected = sessions.split() if isinstance(sessions, str) else sessions

    plan = planned(history.root, OURS, history.first)

    assert plan.projects == services
    assert plan.sessions == [name for name in OURS if name in expected]


def test_the_folders_in_tests_of_this_repository_are_known() -> None:
    """A new one selects everything until `READERS` says which session reads it."""
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name[0] not in "_."}
    known = {name for name in folders if concern_of(f"tests/{name}/any.py") != Plan(*EVERYTHING)}
    assert folders - known == {"gates"}


# In other repositories


@pytest.mark.parametrize(
    ("path", "services", "sessions"),
    [
        ("services/orders/src/app.py", ["orders"], ["drift"]),
        ("services/catalog/src/app.py", ["catalog"], ["drift"]),
        ("docs/tutorial.md", [], []),
        ("tests/gates/layers.py", EVERY, A_TEAMS),
        ("plumbline/src/plumbline/app.py", EVERY, A_TEAMS),
        ("plumbline/README.md", EVERY, A_TEAMS),
    ],
)
def test_sessions_that_a_team_does_not_have_are_not_selected(
    history: History, path: str, services: list[str], sessions: list[str]
) -> None:
    history.git("mv", PLATFORM, "plumbline")  # where a team has it
    base = history.commit()
    history.change(path)
    assert planned(history.root, A_TEAMS, base) == Plan(services, sessions)


@pytest.mark.parametrize("path", ["services/orders/src/app.py", "docs/tutorial.md"])
def test_a_session_that_only_a_team_knows_is_selected_by_every_change(
    history: History, path: str
) -> None:
    history.change(path)

    assert "shop" in planned(history.root, ["shop", *A_TEAMS], history.first).sessions
    assert planned(history.root, ["shop"], "HEAD").sessions == []


@pytest.mark.parametrize(
    ("path", "services", "sessions"),
    [
        ("src/alone/app.py", ["plumbline", "alone"], A_TEAMS),
        ("plumbline/src/plumbline/app.py", ["plumbline", "alone"], A_TEAMS),
        ("tests/integration/test_flow.py", ["plumbline", "alone"], A_TEAMS),
        ("tests/docs/test_pages.py", ["plumbline", "alone"], A_TEAMS),
        ("services/orders/src/app.py", ["plumbline", "alone"], A_TEAMS),
        ("README.md", ["plumbline", "alone"], A_TEAMS),
        ("docs/openapi.json", ["plumbline", "alone"], A_TEAMS),
        ("docs/how-to/start.md", [], []),
    ],
)
def test_in_a_repository_of_its_own_a_service_is_selected_by_all_but_docs(
    history: History, path: str, services: list[str], sessions: list[str]
) -> None:
    history.write("pyproject.toml", PYPROJECT)
    history.git("mv", PLATFORM, "plumbline")
    base = history.commit()
    history.change(path)

    assert planned(history.root, A_TEAMS, base) == Plan(services, sessions)


def test_a_service_of_its_own_gets_its_jobs(history: History) -> None:
    history.write("pyproject.toml", PYPROJECT)

    assert jobs(history.root, ["alone"]) == [
        {"service": "alone", "python": "3.11"},
        {"service": "alone", "python": "3.12"},
    ]


# Histories


def test_all_commits_since_the_base_count(history: History) -> None:
    history.change("services/orders/src/app.py")
    history.change("services/catalog/src/app.py")
    history.change("README.md")

    assert selected(history, history.first) == SERVICES
    assert selected(history, "HEAD~1") == []


def test_a_file_that_moves_between_services_selects_both(history: History) -> None:
    history.git("mv", "services/orders/src/app.py", "services/catalog/src/moved.py")
    history.commit()

    assert history.git("diff", "--name-status", "-M", history.first).startswith("R100")
    assert selected(history, history.first) == SERVICES


def test_a_file_that_moves_out_of_the_shared_ones_selects_all(history: History) -> None:
    history.git("mv", "noxfile.py", "docs/noxfile.py")
    history.commit()

    assert selected(history, history.first) == EVERY


def test_a_deleted_file_selects_its_service(history: History) -> None:
    history.git("rm", "--quiet", "services/orders/src/app.py")
    history.commit()

    assert selected(history, history.first) == ["orders"]


def test_a_deleted_service_is_not_selected(history: History) -> None:
    history.git("rm", "-r", "--quiet", "services/orders")
    history.commit()

    plan = planned(history.root, OURS, history.first)

    assert plan == Plan([], ["drift", "mutants"])


def test_a_service_with_a_new_name_is_selected_under_it(history: History) -> None:
    history.git("mv", "services/orders", "services/purchases")
    history.commit()

    assert selected(history, history.first) == ["purchases"]


def test_what_happened_on_the_base_since_does_not_count(history: History) -> None:
    history.git("switch", "--quiet", "--create=feature")
    history.change("services/orders/src/app.py")
    history.git("switch", "--quiet", "main")
    history.change("services/catalog/src/app.py")
    history.git("switch", "--quiet", "feature")

    assert selected(history, "main") == ["orders"]


def test_a_merge_of_the_base_does_not_count(history: History) -> None:
    history.git("switch", "--quiet", "--create=feature")
    history.change("services/orders/src/app.py")
    history.git("switch", "--quiet", "main")
    history.change("services/catalog/src/app.py")
    history.git("switch", "--quiet", "feature")
    history.git("merge", "--quiet", "--no-edit", "main")

    assert selected(history, "main") == ["orders"]
    assert selected(history, history.first) == SERVICES


def test_the_merge_that_github_tests_for_a_pull_request_counts_its_branch(
    history: History,
) -> None:
    history.git("switch", "--quiet", "--create=feature")
    history.change("services/orders/src/app.py")
    history.git("switch", "--quiet", "main")
    base = history.change("services/catalog/src/app.py")
    history.git("switch", "--quiet", "--detach", "main")
    history.git("merge", "--quiet", "--no-edit", "feature")

    assert selected(history, base) == ["orders"]


def test_what_is_not_committed_does_not_count(history: History) -> None:
    history.write("services/orders/src/app.py")

    assert selected(history, "HEAD") == []


# What git cannot tell


@pytest.mark.parametrize("base", ["0" * 40, "f" * 40, "no-such-branch", "noxfile.py"])
def test_an_unknown_base_selects_all_and_says_so(
    history: History, capsys: pytest.CaptureFixture[str], base: str
) -> None:
    assert planned(history.root, OURS, base) == Plan(*EVERYTHING)
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith(f"Everything, as '{base}' cannot be compared with HEAD: fatal: ")


def test_a_base_that_a_shallow_clone_lacks_selects_all(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history.change("services/orders/src/app.py")
    shallow = tmp_path / "shallow"
    history.git("clone", "--quiet", "--depth=1", history.root.as_uri(), str(shallow))

    assert planned(shallow, OURS, history.first) == Plan(*EVERYTHING)
    assert "Everything, as" in capsys.readouterr().err


def test_a_base_without_a_common_commit_selects_all(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    history.git("switch", "--quiet", "--orphan=elsewhere")
    history.write("README.md")
    history.commit()
    history.git("switch", "--quiet", "main")

    assert selected(history, "elsewhere") == EVERY
    assert "no merge base" in capsys.readouterr().err


def test_a_plain_folder_selects_all(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (history.root / ".git").rename(tmp_path / "not here")

    assert selected(history, "main") == EVERY
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("Everything, as 'main' cannot be compared with HEAD: ")
    assert "Not a git repository" in warning


def test_a_machine_without_git_selects_all(
    history: History,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

    assert selected(history, "main") == EVERY
    assert "Everything, as" in capsys.readouterr().err

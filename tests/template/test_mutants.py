"""`nox -s mutants`: what is caught, what is not, and where each of the known defects is planted."""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep

import pytest

from gates.defects import DEFECTS, OF_ANY_SERVICE, OF_IDENTITY, OF_PLATFORM
from gates.defects.planting import Copy, Defect
from gates.forked import Forks, forks
from gates.mutants import (
    EVERY_GATE,
    contents,
    copied,
    defects_of,
    few_tests,
    fits,
    main,
    own,
    plant,
    restored,
)
from gates.render import render
from gates.services import PROJECTS
from gates.together import Gate

ODD = {"service": "stock-keeping", "resource": "name_of_twenty_chars", "resources": "sheep"}

JUDGE = """
import pathlib, sys
if pathlib.Path("rule").read_text() != "right":
    sys.exit("FAILED test_rules.py::test_the_rule - it is wrong")
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A service that consists of one rule."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "rule").write_text("right", "utf-8")
    return folder


def program(copy: Copy, name: str, code: str) -> Gate:
    return Gate("toy", name, copy.root, [[sys.executable, "-c", code]])


def strict(copy: Copy, name: str, __: Sequence[str]) -> Gate:
    """Return a gate that reads the rule, and names the test that has failed."""
    return program(copy, name, JUDGE)


def blind(copy: Copy, name: str, __: Sequence[str]) -> Gate:
    """Return a gate that cannot fail."""
    return program(copy, name, "")


def only_in_migration(copy: Copy, name: str, arguments: Sequence[str]) -> Gate:
    """Return gates of which one alone reads the rule."""
    return (strict if name == "migration" else blind)(copy, name, arguments)


def broken(copy: Copy, name: str, __: Sequence[str]) -> Gate:
    """Return gates that fail, once there is a defect, for a reason of their own."""
    code = JUDGE.replace("FAILED test_rules.py::test_the_rule - it is wrong", "the disk is full")
    return program(copy, name, code)


def a_broken_rule(copy: Copy) -> None:
    copy.change("rule", "right", "wrong")


def a_rule_that_is_not_there(copy: Copy) -> None:
    copy.change("rule", "left", "wrong")


def nothing(copy: Copy) -> None:
    copy.change("rule", "right", "right")


BROKEN_RULE = Defect(a_broken_rule, "unit")


def test_caught_defect_is_printed_with_the_gate_and_the_test(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, strict, [BROKEN_RULE]) is None

    printed = capsys.readouterr().out
    assert "a broken rule  caught by unit" in printed
    assert "test_the_rule\n" in printed
    assert printed.endswith("1 defects planted, 1 caught\n")


def test_uncaught_defect_fails_the_run_and_is_named(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, blind, [BROKEN_RULE]) == "Not caught: a broken rule."

    assert "every gate is green" in capsys.readouterr().out


def test_gate_that_fails_for_another_reason_has_caught_nothing(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, broken, [BROKEN_RULE]) == "Not caught: a broken rule."

    assert "failed for another reason: the disk is full" in capsys.readouterr().out


def test_defect_that_another_gate_catches_is_printed_with_that_gate(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, only_in_migration, [BROKEN_RULE]) is None

    assert "caught by migration" in capsys.readouterr().out


def test_keyword_of_a_defect_does_not_restrict_the_other_gates(toy: Path) -> None:
    def only_unnarrowed(copy: Copy, name: str, arguments: Sequence[str]) -> Gate:
        return (blind if "-k" in arguments else only_in_migration)(copy, name, arguments)

    narrow = Defect(a_broken_rule, "unit", keyword="killed")
    assert main(toy, only_unnarrowed, [narrow]) is None


def test_edit_that_changes_nothing_is_refused(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, strict, [Defect(nothing, "unit")]) == "Not caught: nothing."

    assert "planting it changed nothing" in capsys.readouterr().out


def test_defect_whose_code_is_gone_is_printed_and_is_no_failure(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    defects = [BROKEN_RULE, Defect(a_rule_that_is_not_there, "unit")]

    assert main(toy, strict, defects) is None

    printed = capsys.readouterr().out
    assert "not applicable" in printed
    assert "nothing in rule matches 'left'" in printed
    assert printed.endswith("1 defects planted, 1 caught, 1 not applicable\n")


def test_code_that_another_service_has_is_left_to_that_one(tmp_path: Path, toy: Path) -> None:
    other = Defect(a_rule_that_is_not_there, "unit")
    left = tmp_path / "left"
    left.mkdir()
    (left / "rule").write_text("left", "utf-8")

    assert own([BROKEN_RULE, other], []) == [BROKEN_RULE, other]
    assert own([BROKEN_RULE, other], [toy]) == [other]
    assert own([BROKEN_RULE, other], [toy, left]) == []
    assert (toy / "rule").read_text("utf-8") == "right"


def test_no_gate_runs_if_every_defect_is_left_to_others(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (toy / "rule").write_text("wrong", "utf-8")

    assert main(toy, strict, []) is None
    assert "toy has no code" in capsys.readouterr().out


def test_service_that_is_red_already_is_refused(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (toy / "rule").write_text("wrong", "utf-8")

    refusal = main(toy, strict, [BROKEN_RULE])

    assert refusal is not None
    assert refusal.startswith("toy is red without any defect, fix it first: unit (FAILED ")
    assert capsys.readouterr().out == ""


def test_service_itself_is_not_changed(toy: Path) -> None:
    before = contents(toy)

    main(toy, strict, [BROKEN_RULE, BROKEN_RULE])

    assert contents(toy) == before


def test_copy_leaves_out_what_git_does(toy: Path) -> None:
    for left_out in (".env", "toy.db", "toy.db-wal", ".coverage"):
        (toy / left_out).touch()
    (toy / ".coveragerc").touch()

    with copied(toy) as copy:
        assert {path.name for path in copy.root.iterdir()} == {"rule", ".coveragerc"}


def test_every_gate_has_a_defect_and_every_defect_has_a_name() -> None:
    assert {defect.gate for defect in DEFECTS} == {*EVERY_GATE}
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)


def test_gate_that_is_red_anyway_on_all_its_tests_has_caught_nothing(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def red_on_all_tests(copy: Copy, name: str, arguments: Sequence[str]) -> Gate:
        failing = "raise SystemExit('FAILED test_other.py::test_other - always')"
        return program(copy, name, "" if "-k" in arguments else failing)

    narrow = Defect(a_broken_rule, "unit", keyword="killed")

    assert main(toy, red_on_all_tests, [narrow]) == "Not caught: a broken rule."
    assert "red without any defect: unit (FAILED test_other.py" in capsys.readouterr().out


# Copies


def test_copy_of_a_service_finds_the_platform_where_the_service_does() -> None:
    for name in ("catalog", "identity"):
        with copied(PROJECTS[name]) as copy:
            rules = (copy.root / "ruff.toml").read_text("utf-8")
            extended = rules.split('extend = "')[1].split('"')[0]

            assert (copy.root / extended).resolve() == PLATFORM / "ruff.toml"


def test_copy_of_a_single_service_brings_its_platform_along(tmp_path: Path) -> None:
    source = '[tool.uv.sources]\nplumbline-platform = { path = "plumbline", editable = true }\n'
    (tmp_path / "orders" / "plumbline").mkdir(parents=True)
    (tmp_path / "orders" / "pyproject.toml").write_text(source, "utf-8")

    with copied(tmp_path / "orders") as copy:
        assert not (copy.root / "plumbline").is_symlink()
        assert (copy.root / "plumbline").is_dir()


# Programs in a fork


@pytest.fixture(scope="module")
def one_fork() -> Iterator[Forks]:
    """A process that forks, with this Python."""
    with forks(Path(sys.executable), 1) as made:
        yield made


def run_forked(made: Forks, folder: Path, code: str, seconds: int = 60) -> tuple[int, str]:
    """Run a program; return its exit status, and what it has printed."""
    (folder / "program.py").write_text(code, "utf-8")
    output = folder / "output"
    output.unlink(missing_ok=True)
    env = {**os.environ, "PYTHONPATH": str(folder), "PLANTED": "yes"}
    status = made.run([str(folder / "program.py"), "given"], folder, env, output, seconds)
    return status, output.read_text("utf-8")


def test_forked_program_has_its_own_arguments_folder_environment_and_output(
    one_fork: Forks, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text("NAME = 'own'", "utf-8")
    code = "import os, sys, own; print(sys.argv[1], os.getcwd(), os.environ['PLANTED'], own.NAME)"

    status, printed = run_forked(one_fork, tmp_path, code)

    assert (status, printed) == (0, f"given {tmp_path} yes own\n")


@pytest.mark.parametrize(
    ("code", "status", "printed"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('no')", 1, ""),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
    ],
)
def test_forked_program_fails_alone(
    one_fork: Forks, tmp_path: Path, code: str, status: int, printed: str
) -> None:
    found, output = run_forked(one_fork, tmp_path, code)

    assert found == status
    assert output.endswith(printed)
    assert run_forked(one_fork, tmp_path, "print(1)") == (0, "1\n")


def test_forked_program_that_takes_too_long_is_killed_with_what_it_started(
    one_fork: Forks, tmp_path: Path
) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
        "open('child', 'w').write(str(child.pid))\n"
        "time.sleep(99)\n"
    )

    with pytest.raises(subprocess.TimeoutExpired):
        run_forked(one_fork, tmp_path, code, seconds=2)

    child = Path("/proc", (tmp_path / "child").read_text("utf-8"), "stat")
    end = monotonic() + 60
    while child.exists() and child.read_text("utf-8").split()[2] != "Z":
        assert monotonic() < end
        sleep(0.01)


# The known defects


PLATFORM = PROJECTS["plumbline"].resolve()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with names that are hard on code that searches by shape."""
    root = tmp_path_factory.mktemp("odd")
    folder = root / "services" / "stock-keeping"
    render(folder, ODD)
    (root / "plumbline").symlink_to(PLATFORM, target_is_directory=True)
    return folder


@pytest.fixture(scope="module")
def copies(odd: Path) -> Iterator[dict[str, Copy]]:
    """A copy of each project, and of `odd`, which a test must restore."""
    with ExitStack() as stack:
        places = {**PROJECTS, "odd": odd}
        yield {name: stack.enter_context(copied(place)) for name, place in places.items()}


@pytest.fixture(scope="module")
def planted_by_default(copies: dict[str, Copy]) -> Counter[str]:
    """How often each defect is planted when no service is named, as noxfile.py does it."""
    projects = [*PROJECTS.values()]
    return Counter(
        defect.name
        for number, (name, project) in enumerate(PROJECTS.items())
        for defect in defects_of(project, projects[:number])
        if fits(defect, copies[name])
    )


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_every_defect_is_planted_exactly_once_in_a_default_run(
    planted_by_default: Counter[str], defect: Defect
) -> None:
    assert planted_by_default[defect.name] == 1


WHERE = [
    *(("plumbline", defect) for defect in OF_PLATFORM),
    *(("catalog", defect) for defect in OF_ANY_SERVICE),
    *(("odd", defect) for defect in OF_ANY_SERVICE),
    *(("identity", defect) for defect in OF_IDENTITY),
]


@pytest.mark.parametrize(
    ("project", "defect"), WHERE, ids=[f"{defect.name}-{project}" for project, defect in WHERE]
)
def test_every_defect_leaves_python_and_has_tests_that_are_tried_first(
    copies: dict[str, Copy], project: str, defect: Defect
) -> None:
    copy = copies[project]
    before = contents(copy.root)
    with restored(copy):
        plant(defect, copy)

        for path, source in contents(copy.root).items():
            if path.suffix == ".py" and source != before.get(path):
                ast.parse(source)
        assert few_tests(defect, copy) or not defect.only
    assert contents(copy.root) == before

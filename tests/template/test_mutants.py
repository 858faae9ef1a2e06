"""The machinery of `nox -s mutants`: what is caught, what is not, and what must not pass for it."""

import ast
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from gates.defects import DEFECTS, OF_ANY_SERVICE, OF_IDENTITY
from gates.defects.planting import Copy, Defect
from gates.mutants import EVERY_GATE, ROOT, TEST_GATES, contents, copied, main, own, plant
from gates.render import render
from gates.together import Gate

ODD = {"service": "stock-keeping", "resource": "name_of_twenty_five_chars", "resources": "sheep"}

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
    """A gate that looks at the rule, and says which test has failed."""
    return program(copy, name, JUDGE)


def blind(copy: Copy, name: str, __: Sequence[str]) -> Gate:
    """A gate that cannot fail."""
    return program(copy, name, "")


def only_in_migration(copy: Copy, name: str, arguments: Sequence[str]) -> Gate:
    """Gates of which one alone looks."""
    return (strict if name == "migration" else blind)(copy, name, arguments)


def broken(copy: Copy, name: str, arguments: Sequence[str]) -> Gate:
    """Gates of tests that fail for a reason that has nothing to do with the service."""
    if name in TEST_GATES:
        return program(copy, name, "raise SystemExit('the disk is full')")
    return strict(copy, name, arguments)


def a_broken_rule(copy: Copy) -> None:
    copy.change("rule", "right", "wrong")


def a_rule_that_is_not_there(copy: Copy) -> None:
    copy.change("rule", "left", "wrong")


def nothing(copy: Copy) -> None:
    copy.change("rule", "right", "right")


BROKEN_RULE = Defect(a_broken_rule, "unit")


def test_a_caught_defect_is_told_with_the_gate_and_the_test(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, strict, [BROKEN_RULE]) is None

    told = capsys.readouterr().out
    assert "a broken rule  caught by unit" in told
    assert "test_the_rule\n" in told
    assert told.endswith("1 defects planted, 1 caught\n")


def test_an_uncaught_defect_fails_the_run_and_is_named(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, blind, [BROKEN_RULE]) == "Not caught: a broken rule."

    assert "every gate is green" in capsys.readouterr().out


def test_a_gate_that_fails_for_another_reason_has_caught_nothing(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, broken, [BROKEN_RULE]) == "Not caught: a broken rule."

    assert "failed for another reason: the disk is full" in capsys.readouterr().out


def test_a_defect_that_another_gate_catches_is_told_with_that_gate(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, only_in_migration, [BROKEN_RULE]) is None

    assert "caught by migration" in capsys.readouterr().out


def test_what_narrows_one_gate_does_not_narrow_the_others(toy: Path) -> None:
    def only_unnarrowed(copy: Copy, name: str, arguments: Sequence[str]) -> Gate:
        return (blind if "-k" in arguments else only_in_migration)(copy, name, arguments)

    narrow = Defect(a_broken_rule, "unit", options=("-k", "killed"))
    assert main(toy, only_unnarrowed, [narrow]) is None


def test_an_edit_that_changes_nothing_is_refused(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(toy, strict, [Defect(nothing, "unit")]) == "Not caught: nothing."

    assert "planting it changed nothing" in capsys.readouterr().out


def test_a_defect_whose_code_is_gone_is_told_and_is_no_failure(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    defects = [BROKEN_RULE, Defect(a_rule_that_is_not_there, "unit")]

    assert main(toy, strict, defects) is None

    told = capsys.readouterr().out
    assert "not applicable" in told
    assert "nothing in rule matches 'left'" in told
    assert told.endswith("1 defects planted, 1 caught, 1 not applicable\n")


def test_what_another_service_has_as_well_is_left_to_that_one(tmp_path: Path, toy: Path) -> None:
    other = Defect(a_rule_that_is_not_there, "unit")
    left = tmp_path / "left"
    left.mkdir()
    (left / "rule").write_text("left", "utf-8")

    assert own([BROKEN_RULE, other], []) == [BROKEN_RULE, other]
    assert own([BROKEN_RULE, other], [toy]) == [other]
    assert own([BROKEN_RULE, other], [toy, left]) == []
    assert (toy / "rule").read_text("utf-8") == "right"


def test_where_every_defect_is_left_to_others_no_gate_runs(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (toy / "rule").write_text("wrong", "utf-8")

    assert main(toy, strict, []) is None
    assert "toy has no code" in capsys.readouterr().out


def test_a_service_that_is_red_already_is_refused(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (toy / "rule").write_text("wrong", "utf-8")

    refusal = main(toy, strict, [BROKEN_RULE])

    assert refusal is not None
    assert refusal.startswith("toy is red without any defect, mend it first: coverage (FAILED ")
    assert capsys.readouterr().out == ""


def test_the_service_itself_is_not_touched(toy: Path) -> None:
    before = contents(toy)

    main(toy, strict, [BROKEN_RULE, BROKEN_RULE])

    assert contents(toy) == before


def test_a_copy_leaves_out_what_git_does(toy: Path) -> None:
    for left_out in (".env", "toy.db", "toy.db-wal", ".coverage"):
        (toy / left_out).touch()
    (toy / ".coveragerc").touch()

    with copied(toy) as copy:
        assert {path.name for path in copy.root.iterdir()} == {"rule", ".coveragerc"}


def test_every_gate_has_a_defect_and_every_defect_a_name() -> None:
    assert {defect.gate for defect in DEFECTS} == {*TEST_GATES, *EVERY_GATE}
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with names that are hard on whoever looks for code by its shape."""
    folder = tmp_path_factory.mktemp("odd") / "stock-keeping"
    render(folder, ODD)
    return folder


@pytest.mark.parametrize("defect", OF_ANY_SERVICE, ids=lambda defect: defect.name)
def test_every_defect_can_be_planted_here_and_into_whatever_is_rendered(
    odd: Path, defect: Defect
) -> None:
    for service in (ROOT / "services/catalog", odd):
        assert_python_after(defect, service)


@pytest.mark.parametrize("defect", OF_IDENTITY, ids=lambda defect: defect.name)
def test_those_of_credentials_can_be_planted_where_such_are_kept(defect: Defect) -> None:
    assert_python_after(defect, ROOT / "services/identity")


def assert_python_after(defect: Defect, service: Path) -> None:
    """It can be planted, and what it leaves is still Python."""
    with copied(service) as copy:
        plant(defect, copy)

        for path in copy.root.rglob("*.py"):
            ast.parse(path.read_bytes())

"""The coverage of a layer is compared exactly, and never with old data or with nothing."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from gates.layers import judge, sources, up_to_date, without_data
from gates.render import ROOT

from .conftest import Run

RULES = {"repository": {"files": ["src/*/modules/*/repository.py"], "at-least": 90}}
PLACE = "src/orders/modules/orders/repository.py"
QUICK = '"""Quick."""\n\n\ndef test_nothing() -> None:\n    """Pass."""\n'


def report(
    covered: int, statements: int, *, branches: int = 0, path: str = PLACE
) -> dict[str, Any]:
    """Return what coverage.py reports of one file."""
    summary = {
        "num_statements": statements,
        "num_branches": branches,
        "covered_lines": covered,
        "covered_branches": 0,
    }
    return {"files": {path: {"summary": summary}}}


@pytest.mark.parametrize(
    ("covered", "statements", "green"),
    [(896, 1000, False), (89_999, 100_000, False), (90, 100, True), (100, 100, True)],
)
def test_a_threshold_is_compared_exactly(covered: int, statements: int, *, green: bool) -> None:
    [layer] = judge(report(covered, statements), RULES)

    assert layer.green is green


def test_branches_count() -> None:
    [layer] = judge(report(90, 90, branches=10), RULES)
    assert (layer.percent, layer.green) == (90, True)

    [layer] = judge(report(90, 90, branches=11), RULES)
    assert not layer.green


@pytest.mark.parametrize("path", ["src/orders/app.py", "src/orders/modules/orders/service.py"])
def test_a_layer_without_a_file_is_red(path: str) -> None:
    [layer] = judge(report(100, 100, path=path), RULES)

    assert (layer.percent, layer.green) == (None, False)


def test_a_layer_without_a_line_is_red() -> None:
    [layer] = judge(report(0, 0), RULES)

    assert not layer.green


def test_the_files_of_a_layer_are_added_up() -> None:
    one = report(100, 100)["files"]
    other = report(70, 100, path="src/orders/modules/others/repository.py")["files"]

    [layer] = judge({"files": one | other}, RULES)

    assert layer.percent == 85


def test_data_that_is_older_than_a_source_does_not_count(tmp_path: Path) -> None:
    old, source, new = (tmp_path / name for name in ("unit.data", "app.py", "migration.data"))
    for moment, path in enumerate((old, source, new)):
        path.touch()
        os.utime(path, (moment, moment))

    assert up_to_date([old, new], [source]) == [new]


def test_code_and_tests_are_what_data_must_be_newer_than(tmp_path: Path) -> None:
    of_the_service = {"src/orders/app.py", "tests/integration/test_flow.py", "conftest.py"}
    for name in [*of_the_service, "build/app.py", "src/orders/notes.md"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert {*sources(tmp_path)} == {tmp_path / name for name in of_the_service}


def test_a_gate_has_data_when_a_run_of_it_on_any_python_left_some() -> None:
    data = [Path("orders-3.11/unit+migration.data"), Path("orders-3.12/integration.data")]

    assert without_data(data, ["unit", "migration", "integration"]) == []
    assert without_data(data[:1], ["unit", "integration", "concurrency"]) == [
        "concurrency",
        "integration",
    ]


def test_code_that_cannot_be_read_gets_one_sentence(
    service: Path, inside: Run, tmp_path: Path
) -> None:
    (service / "src/orders/broken.py").write_text("def broken(:\n")
    data = tmp_path / "coverage" / "unit.data"
    data.parent.mkdir()
    ran = inside(service, "coverage", "run", f"--data-file={data}", "-m", "orders.orm")
    assert ran.returncode == 0, ran.stderr

    judged = inside(service, "python", ROOT / "tests/gates/layers.py", data.parent, "unit")

    assert judged.returncode == 1
    printed = judged.stdout + judged.stderr
    assert "broken.py" in printed
    assert "coverage cannot read the code: " in printed.splitlines()[-1]
    assert "Traceback" not in printed


def test_coverage_is_judged_after_the_test_gates_when_sessions_run_at_once(
    repository: Path, nox: Run
) -> None:
    for gate in ("concurrency", "contract"):  # those that take long prove no more
        (repository / f"services/catalog/tests/{gate}/test_{gate}.py").write_text(QUICK)
    (repository / "services/catalog/tests/concurrency/test_products.py").unlink()

    ran = nox("-j", "4", "-t", "catalog")

    steps = re.findall(r"^(?:Starting session (\w+)|=+ \S (\w+)\()", ran.stdout, re.MULTILINE)
    assert [started or ended for started, ended in steps][-2:] == ["coverage", "coverage"]
    assert "at least 90 %" in ran.stdout


def test_coverage_merges_or_takes_nothing_behind_the_dashes(nox: Run) -> None:
    refused = nox("-s", "coverage(catalog)", "--", "3.12")

    assert refused.returncode == 1
    assert 'Say nothing or merge: nox -s "coverage(catalog)" -- merge.' in refused.stderr

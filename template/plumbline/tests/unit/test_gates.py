"""The place of a test file decides which gate runs it."""

from pathlib import Path, PurePath

import pytest
from plumbline.testing.gates import GATES, MARKERS, gate_of, project_of


@pytest.mark.parametrize(
    ("path", "gate"),
    [
        ("src/s/test_database.py", "unit"),
        ("src/s/modules/m/test_service.py", "unit"),
        ("src/s/modules/m/test_router.py", "integration"),
        ("tests/unit/test_orm.py", "unit"),
        ("tests/integration/test_flow.py", "integration"),
        ("tests/integration/deeper/test_flow.py", "integration"),
        ("tests/migrations/test_migrations.py", "migration"),
        ("tests/concurrency/test_many.py", "concurrency"),
        ("tests/contract/test_contract.py", "contract"),
    ],
)
def test_place_of_a_file_decides_its_gate(path: str, gate: str) -> None:
    assert gate_of(PurePath(path)) == gate


@pytest.mark.parametrize("path", ["test_here.py", "tests/test_there.py", "tests/e2e/test_it.py"])
def test_file_in_a_place_without_a_gate_is_refused(path: str) -> None:
    with pytest.raises(pytest.UsageError, match="would run in no gate: move it"):
        gate_of(PurePath(path))


def test_every_gate_has_a_marker() -> None:
    assert {*GATES.values()} == {*MARKERS}


def test_this_file_is_marked_with_its_gate(request: pytest.FixtureRequest) -> None:
    assert [mark.name for mark in request.node.iter_markers()] == ["unit"]


def test_project_of_a_file_is_the_nearest_folder_with_a_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "services" / "orders" / "src").mkdir(parents=True)
    (tmp_path / "services" / "orders" / "pyproject.toml").touch()

    assert project_of(tmp_path / "services" / "orders" / "src" / "main.py").name == "orders"
    assert project_of(tmp_path / "services" / "conftest.py") == tmp_path

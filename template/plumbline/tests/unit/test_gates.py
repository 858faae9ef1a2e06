"""The place of a test file decides which gate runs it."""

from pathlib import PurePath

import pytest

from .testing.places import gate_of


@pytest.mark.parametrize(
    ("path", "gate"),
    [
        ("src/s/test_database.py", "unit"),
        ("src/s/modules/m/test_service.py", "unit"),
        ("src/s/modules/m/test_router.py", "integration"),
        ("tests/integration/test_flow.py", "integration"),
        ("tests/integration/deeper/test_flow.py", "integration"),
        ("tests/migrations/test_migrations.py", "migration"),
        ("tests/concurrency/test_many.py", "concurrency"),
    ],
)
def test_each_place_has_its_gate(path: str, gate: str) -> None:
    assert gate_of(PurePath(path)) == gate


@pytest.mark.parametrize("path", ["test_here.py", "tests/test_there.py", "tests/e2e/test_it.py"])
def test_a_place_that_no_gate_runs_is_refused(path: str) -> None:
    with pytest.raises(pytest.UsageError, match="would run in no gate: move it"):
        gate_of(PurePath(path))

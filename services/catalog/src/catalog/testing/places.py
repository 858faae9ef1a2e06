"""Where a test stands decides which gate runs it; there are no marks to remember."""

from pathlib import Path, PurePath
from typing import Final

import pytest

GATES: Final = {
    "src/**/test_router.py": "integration",
    "src/**/test_*.py": "unit",
    "tests/integration/**/test_*.py": "integration",
    "tests/migrations/**/test_*.py": "migration",
    "tests/concurrency/**/test_*.py": "concurrency",
    "tests/contract/**/test_*.py": "contract",
}


def gate_of(path: PurePath) -> str:
    """The gate of the test file at this path, relative to the service.

    Raises `pytest.UsageError` for a place that no gate runs.
    """
    for pattern, gate in GATES.items():
        folder, _, name = pattern.partition("/**/")
        if path.match(name) and PurePath(folder) in path.parents:
            return gate
    message = f"{path} would run in no gate: move it beside the code or into one of " + ", ".join(
        sorted({pattern.partition("/**/")[0] for pattern in GATES} - {"src"})
    )
    raise pytest.UsageError(message)


def mark_by_place(items: list[pytest.Item], root: Path) -> None:
    """Give every test the mark of its gate."""
    for item in items:
        gate = gate_of(item.path.relative_to(root))
        item.add_marker(gate)
        item.user_properties.append(("gate", gate))  # for reports

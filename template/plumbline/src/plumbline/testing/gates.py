"""The place of a test file decides which gate runs it; there are no marks to remember."""

from pathlib import Path, PurePath
from typing import Final

import pytest

GATES: Final = {
    "src/**/test_router.py": "integration",
    "src/**/test_*.py": "unit",
    "tests/unit/**/test_*.py": "unit",
    "tests/integration/**/test_*.py": "integration",
    "tests/migrations/**/test_*.py": "migration",
    "tests/concurrency/**/test_*.py": "concurrency",
    "tests/contract/**/test_*.py": "contract",
}
MARKERS: Final = {
    "unit": "beside the code",
    "integration": "over HTTP",
    "migration": "the history of the schema",
    "concurrency": "many clients at once",
    "contract": "responses against the OpenAPI document",
}


def gate_of(path: PurePath) -> str:
    """Return the gate of the test file at this path, relative to the service.

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


def project_of(path: Path) -> Path:
    """Return the folder of the service, or platform, that a file is part of."""
    return next((each for each in path.parents if (each / "pyproject.toml").is_file()), path.parent)


def mark_by_place(items: list[pytest.Item]) -> None:
    """Give every test the mark of its gate."""
    for item in items:
        gate = gate_of(item.path.relative_to(project_of(item.path)))
        item.add_marker(gate)
        item.user_properties.append(("gate", gate))  # for reports

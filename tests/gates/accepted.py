"""Reads which files of the template's a team has changed for a reason.

The team says so in the service's pyproject.toml (where there is none, as around the services of a
monorepo, in drift.toml):

    [tool.drift.accepted]
    "src/orders/health.py" = "also asks the warehouse"
"""

import tomllib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

PLACES = ("pyproject.toml", "drift.toml")
EXAMPLE = '"conftest.py" = "why it differs"'


def accepted(folder: Path) -> dict[Path, Any]:
    """The reason for each path, as it stands there.

    Raises `ValueError` with one sentence for a file that cannot be understood.
    """
    file = place_of(folder)
    try:
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        table = tomllib.loads(text).get("tool", {}).get("drift", {})
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise ValueError(f"{_shown(file)} is not valid TOML, fix it: {error}.") from error
    reasons = table.get("accepted", {}) if isinstance(table, dict) else None
    if not isinstance(reasons, dict) or not table.keys() <= {"accepted"}:
        raise ValueError(
            f"{_shown(file)} may hold in [tool.drift] nothing but the table accepted, with lines"
            f" such as {EXAMPLE}: fix it."
        )
    return {Path(path): reason for path, reason in reasons.items()}


def complaints(folder: Path, reasons: Mapping[Path, Any], found: Container[Path]) -> list[str]:
    """Return a sentence for each line without a reason, or about a file that does not deviate."""
    file = _shown(place_of(folder))
    return [
        f"{file} accepts {path.as_posix()}, which does not differ from the template, or is none of"
        " its files: delete that line."
        if path not in found
        else f"{file} accepts {path.as_posix()} without a reason: write why, such as {EXAMPLE}."
        for path, reason in reasons.items()
        if path not in found or not isinstance(reason, str) or not reason.strip()
    ]


def place_of(folder: Path) -> Path:
    """The file in which the team says so, or would."""
    there = [folder / name for name in PLACES if (folder / name).is_file()]
    return there[0] if there else folder / PLACES[-1]


def _shown(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"

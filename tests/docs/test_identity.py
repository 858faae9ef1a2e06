"""Each row of the table of security names a test that there is."""

import re

from docs.markdown import ROOT

PAGE = ROOT / "docs" / "identity.md"
SERVICE = ROOT / "services" / "identity"
MODULES = SERVICE / "src" / "identity" / "modules"


def rows(text: str) -> list[tuple[str, str]]:
    """The sections of ASVS and the test of each row."""
    return re.findall(r"^\| (\d+\.\d+\.\d+.*?) \| .* \| `([^`]+::[^`]+)` \|$", text, re.MULTILINE)


def tells_of_no_test(text: str) -> list[str]:
    """The tests that rows name and nobody has written."""
    return [test for _, test in rows(text) if not _is_there(test)]


def _is_there(test: str) -> bool:
    path, _, name = test.partition("::")
    root = SERVICE if path.startswith(("tests/", "src/")) else MODULES
    file = root / path
    return file.is_file() and f"def {name}(" in file.read_text(encoding="utf-8")


def test_every_row_names_a_test_that_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert len(rows(text)) == text.count("::test_") > 40
    assert tells_of_no_test(text) == []


def test_a_row_without_its_test_is_found() -> None:
    row = "| 7.4.1 | dead at once | `sessions/test_router.py::test_nobody_has_written_me` |"

    assert tells_of_no_test(row) == ["sessions/test_router.py::test_nobody_has_written_me"]

"""Each row of the table of security names a test that exists."""

import re

from docs.markdown import ROOT

PAGE = ROOT / "docs" / "identity.md"
SERVICE = ROOT / "services" / "identity"
MODULES = SERVICE / "src" / "identity" / "modules"
ROOTS = {"tests": SERVICE, "src": SERVICE, "plumbline": ROOT / "template"}


def rows(text: str) -> list[tuple[str, str]]:
    """Return the sections of ASVS and the test of each row."""
    return re.findall(r"^\| (\d+\.\d+\.\d+.*?) \| .* \| `([^`]+::[^`]+)` \|$", text, re.MULTILINE)


def missing_tests(text: str) -> list[str]:
    """Return the tests that rows name and that do not exist."""
    return [test for _, test in rows(text) if not _exists(test)]


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    root = ROOTS.get(path.partition("/")[0], MODULES)
    file = root / path
    return file.is_file() and f"def {name}(" in file.read_text(encoding="utf-8")


def test_every_row_names_a_test_that_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert len(rows(text)) == text.count("::test_") > 40
    assert missing_tests(text) == []


def test_a_row_without_its_test_is_found() -> None:
    row = "| 7.4.1 | invalid at once | `sessions/test_router.py::test_unwritten` |"

    assert missing_tests(row) == ["sessions/test_router.py::test_unwritten"]

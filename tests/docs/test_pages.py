"""The reference tells of every session and question, in their own words; links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docs.markdown import PAGES, ROOT

REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def listed_sessions() -> dict[str, str]:
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "--list", "-f", ROOT / "noxfile.py"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = re.findall(r"^[-*] (\w+)(?:\(\w+\))?(?: \[.*?\])? -> (.+)$", listed, re.MULTILINE)
    return dict(lines)


def questions() -> dict[str, str]:
    own = (ROOT / "copier.yml").read_text(encoding="utf-8").rpartition("\n---\n")[2]
    asked = yaml.safe_load(own)
    return {
        name: question["help"]
        for name, question in asked.items()
        if isinstance(question, dict) and "help" in question
    }


def undocumented(rows: dict[str, str], text: str) -> list[str]:
    return [name for name, words in rows.items() if f"| `{name}` | {words} |" not in text]


def test_every_session_is_in_the_reference() -> None:
    assert len(listed_sessions()) > 15
    assert undocumented(listed_sessions(), REFERENCE) == []


def test_every_question_is_in_the_reference() -> None:
    assert set(questions()) == {"kind", "service", "description", "resource", "resources", "head"}
    assert undocumented(questions(), REFERENCE) == []


def test_what_is_not_documented_is_found() -> None:
    assert undocumented(questions() | {"colour": "Which colour?"}, REFERENCE) == ["colour"]


def broken_links(page: Path, text: str) -> list[str]:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    return [target for target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


def test_a_link_to_nowhere_is_found() -> None:
    assert broken_links(ROOT / "README.md", "[here](docs/nowhere.md)") == ["docs/nowhere.md"]


def test_ci_runs_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tests = re.findall(r"^python3 -m venv .*$", readme, re.MULTILINE)[1]

    assert tests in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

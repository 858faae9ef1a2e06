"""The reference has every session and question, in their own words; links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docs.markdown import PAGES, ROOT, blocks

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
    names = {"kind", "platform", "service", "description", "shape", "resource", "resources", "head"}
    assert set(questions()) == names
    assert undocumented(questions(), REFERENCE) == []


def test_what_is_not_documented_is_found() -> None:
    assert undocumented(questions() | {"colour": "Which colour?"}, REFERENCE) == ["colour"]


def anchors(page: Path) -> set[str]:
    """Return the fragments that lead to the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def broken_links(page: Path, text: str) -> list[str]:
    found = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text)
    targets = [(page.parent / path if path else page, path, anchor) for path, anchor in found]
    return [
        f"{path}#{anchor}" if anchor else path
        for target, path, anchor in targets
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


def test_a_link_to_nowhere_is_found() -> None:
    assert broken_links(ROOT / "README.md", "[here](docs/nowhere.md)") == ["docs/nowhere.md"]


def test_a_link_to_no_heading_is_found() -> None:
    links = "[here](docs/ci.md#nowhere) [there](docs/ci.md#use-all-cores)"

    assert broken_links(ROOT / "README.md", links) == ["docs/ci.md#nowhere"]


def test_ci_runs_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tests = re.findall(r"^python3 -m venv .*$", readme, re.MULTILINE)[1]

    assert tests in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def figures(text: str) -> list[int]:
    """Return what the README says of the size of a service: all lines, and those of tests."""
    words = " ".join(text.split())
    found = re.search(r"about ([\d,]+) lines [^.]*of which about ([\d,]+) are tests", words)
    return [int(each.replace(",", "")) for each in found.groups()] if found else []


def count(line: str) -> int:
    """Return the number that a command prints."""
    command = ["bash", "-c", line]
    return int(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def test_the_size_of_a_service_is_what_the_commands_of_the_readme_count() -> None:
    readme = ROOT / "README.md"
    [counting] = [block for block in blocks(readme, "sh") if "wc -l" in block]

    said = figures(readme.read_text(encoding="utf-8"))

    assert said == pytest.approx([count(line) for line in counting.splitlines()], rel=0.05)

"""What the README and docs/ ask their readers to type."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *ROOT.glob("services/*/README.md")]


@dataclass(frozen=True)
class Command:
    """One program with its arguments, and the page that tells to run it."""

    page: str
    line: str
    words: list[str]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, without their indentation."""
    fence = rf"^( *)```{language}\n(.*?)^ *```$"
    found = re.findall(fence, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def commands(page: Path) -> Iterator[Command]:
    """Every command in the shell blocks of a page; `a && b` and `a | b` are two."""
    for block in blocks(page, "sh"):
        for line in block.splitlines():
            yield from split(str(page.relative_to(ROOT)), line)


def split(page: str, line: str) -> Iterator[Command]:
    """The commands of one line, without comments and assignments."""
    assigned = re.fullmatch(r"\w+=\$\((.*)\)", line)
    lexer = shlex.shlex(assigned[1] if assigned else line, posix=True, punctuation_chars="&|;")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, "&&"]:
        if word not in {"&&", "|", ";"}:
            words.append(word)
        elif words:
            yield Command(page, line, words)
            words = []

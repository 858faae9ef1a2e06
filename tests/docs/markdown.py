"""What the README and docs/ ask their readers to type."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *ROOT.glob("services/*/README.md")]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One program with its arguments, and the page that asks for it."""

    page: str
    line: str
    words: list[str]


@dataclass(frozen=True)
class Block:
    """A fenced block, and the path that the paragraph above it names last, if it names one."""

    language: str
    text: str
    path: str


def fenced(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a text, without their indentation."""
    for found in FENCE.finditer(text):
        indent, language, inside = found.groups()
        above = text[: found.start()].rstrip().rpartition("\n\n")[2]
        paths = re.findall(r"`([\w.-]+/[\w./-]*\w)`", above)
        unindented = re.sub(f"^{indent}", "", inside, flags=re.MULTILINE)
        yield Block(language, unindented, paths[-1] if paths else "")


def sections(page: Path) -> dict[str, str]:
    """Return the text below each heading of the second level."""
    _, *found = re.split(r"^## (.+)\n", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(found[::2], found[1::2], strict=True))


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, without their indentation."""
    found = fenced(page.read_text(encoding="utf-8"))
    return [block.text for block in found if block.language == language]


def commands(page: Path) -> Iterator[Command]:
    """Yield every command in the shell blocks of a page; `a && b` and `a | b` are two."""
    for block in blocks(page, "sh"):
        for line in block.splitlines():
            yield from split(str(page.relative_to(ROOT)), line)


def split(page: str, line: str) -> Iterator[Command]:
    """Yield the commands of one line, without comments and assignments."""
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

"""Does what a page shows: writes its files, makes its changes, and types its commands."""

import re
import subprocess
from pathlib import Path

import pytest

from docs.markdown import Block

FILES = {"python", "toml", "diff"}  # languages of blocks that are a file, or a change of one
RED = "# red"  # ends a command that must fail


def sh(line: str, folder: Path) -> str:
    """Return what a command prints; it must succeed."""
    script = f"source .venv/bin/activate 2>/dev/null; {line}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}"
    return done.stdout


def type_line(line: str, folder: Path) -> None:
    """Run one line of a page, which fails where the page says so."""
    if line.endswith(RED):
        with pytest.raises(AssertionError, match=r"aborted|failed"):
            sh(line, folder)
    elif line:
        sh(line, folder)


def is_file(block: Block) -> bool:
    """Return whether a block shows a file, or a change of one."""
    return block.language in FILES and bool(block.path)


def write(block: Block, root: Path) -> None:
    """Write the file that a block shows, add to it if it exists, or change it as a diff says."""
    path = root / block.path
    if block.language == "diff":
        path.write_text(changed(path.read_text(encoding="utf-8"), block), encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n\n{block.text}" if file.tell() else block.text)


def changed(text: str, block: Block) -> str:
    """Return a text after a diff; hunks, with `@@` between them, must each match one place."""
    for hunk in re.split(r"^@@.*\n", block.text, flags=re.MULTILINE):
        lines = [line or " " for line in hunk.splitlines()]
        old = "".join(f"{line[1:]}\n" for line in lines if line[0] != "+")
        new = "".join(f"{line[1:]}\n" for line in lines if line[0] != "-")
        assert text.count(old) == 1, f"{block.path} has {text.count(old)} times\n{old}"
        text = text.replace(old, new)
    return text


def follow(blocks: list[Block], root: Path) -> None:
    """Do what the blocks of a section show, one after the other."""
    for block in blocks:
        if is_file(block):
            write(block, root)
        elif block.language == "sh":
            for line in block.text.splitlines():
                type_line(line, root)

"""Every command in the README and docs/ names what exists."""

import re
import subprocess
import sys
from collections.abc import Collection
from functools import cache
from pathlib import Path

import pytest

from docs.markdown import PAGES, ROOT, Command, blocks, commands, split

PLAIN = {"cat", "cd", "curl", "cut", "du", "echo", "git", "grep", "python3", "rm", "source"}
PLAIN |= {"wc", "xargs"}
PLAIN |= {"docker"}  # which is not run anywhere, as docs/deploy.md says
IN_A_SERVICE = {"alembic", "pytest", "python", "uvicorn"}


@cache
def sessions() -> frozenset[str]:
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "--list", "-f", ROOT / "noxfile.py"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return frozenset(re.findall(r"^[-*] (\w+)", listed, re.MULTILINE))


@cache
def copier_help(subcommand: str) -> str:
    asked = [sys.executable, "-m", "copier", subcommand, "--help-all"]
    return subprocess.run(asked, check=False, capture_output=True, text=True).stdout


def fault(command: Command) -> str | None:
    """Return what is wrong with a command, if anything is."""
    program, *arguments = [word for word in command.words if not re.match(r"[A-Z_]+=", word)]
    name = program.rpartition("/")[2]
    if name == "uvx":
        name, *arguments = arguments
    if name == "nox":
        return nox_fault(arguments, sessions() | defined(command.page))
    if name == "copier":
        known = copier_help(arguments[0])
        options = [word for word in arguments if re.match("--?[a-z]", word)]
        return next((word for word in options if not re.search(rf"{word}\b", known)), None)
    if name == "uv":
        run = [word for word in arguments[1:] if not word.startswith("-")]
        return None if arguments[0] in {"lock", "sync"} or run[0] in IN_A_SERVICE else run[0]
    if name == "pip":
        return None
    return None if name in PLAIN else program


def defined(page: str) -> set[str]:
    """Return the sessions that a page itself shows how to write."""
    shown = blocks(ROOT / page, "python") if (ROOT / page).is_file() else []
    return {*re.findall(r"^def (\w+)\(session: nox\.Session\)", "\n".join(shown), re.MULTILINE)}


def nox_fault(arguments: list[str], known: Collection[str]) -> str | None:
    """Return a session that is asked for and is not known."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "-s" not in own:
        return None
    asked = [word.partition("(")[0] for word in own[own.index("-s") + 1 :] if word[0] != "-"]
    return next((name for name in asked if name not in known), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists(page: Path) -> None:
    for command in commands(page):
        assert fault(command) is None, f"{command.page}: {command.line}"


@pytest.mark.parametrize(
    "line",
    [
        "nox -s prove",
        'nox -s tests "prove(catalog)"',
        "copier copy --thrust . here",
        "uv run prove",
        "prove it",
        "cd services && prove",
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    assert any(fault(command) for command in split("here", line))


def test_commands_are_found_at_all() -> None:
    assert sum(len([*commands(page)]) for page in PAGES) > 30

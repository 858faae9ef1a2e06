"""Runs git, and gives a sentence where it fails."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")  # as a hook has them
QUIETLY = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.quotePath=false")


class GitError(ValueError):
    """Git could not do it; the text is its own reason."""


def git(
    folder: Path,
    *arguments: str | Path,
    given: str = "",
    fine: tuple[int, ...] = (0,),
    apart: bool = False,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run git in `folder` without its hooks; gives what it prints.

    `given` is what it reads, and `fine` are the exit statuses of success. A Ctrl-C in the terminal
    does not reach it when it runs `apart`. Raises `GitError` when it fails, or is not there.
    """
    there = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    try:
        done = subprocess.run(
            ["git", *QUIETLY, *arguments],
            cwd=folder,
            env=there | {"LC_ALL": "C"} | dict(env or {}),
            input=given,
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            start_new_session=apart,
        )
    except OSError as error:
        raise GitError(str(error)) from error
    if done.returncode not in fine:
        lines = done.stderr.strip().splitlines() or [f"git {arguments[0]} failed"]
        raise GitError(next((line for line in lines if line.startswith("fatal: ")), lines[0]))
    return done.stdout


def resolved(folder: Path, name: str) -> str | None:
    """The full hash of the commit that a branch, tag, hash or description names, if it is there."""
    if not name or name.startswith("-"):
        return None
    return (
        git(
            folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", fine=(0, 1, 128)
        ).strip()
        or None
    )

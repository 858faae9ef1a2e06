"""Renders a service from this work tree, as it stands: for `nox -s new`, `drift` and the tests.

python render.py <folder> <question>=<answer> …
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import copier
import yaml
from copier.errors import CopierError

ROOT = Path(__file__).parents[2]
ANSWERS = ".copier-answers.yml"


@contextlib.contextmanager
def plain_template() -> Iterator[Path]:
    """A copy of the template as it is in the work tree, without history and without leftovers.

    Copier would render the newest tag of a repository, and commit what is not committed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("copier.yml", ".taken-names.yml"):
            shutil.copy(ROOT / name, scratch)
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store", ".*_cache")
        shutil.copytree(ROOT / "template", Path(scratch, "template"), ignore=ignored)
        yield Path(scratch)


def render(folder: Path, answers: Mapping[str, str]) -> set[Path]:
    """Render the template into the new `folder`; gives the seeded files, relative to it.

    Raises `ValueError` with one sentence for an answer that cannot be, and leaves nothing then.
    """
    try:
        with plain_template() as template:
            done = copier.run_copy(str(template), folder, dict(answers), defaults=True, quiet=True)
            _refuse_unknown(answers, done.template.questions_data)
    except (ValueError, CopierError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        sentence = re.sub(r"^Validation error for question '\w+': ", "", str(error))
        raise ValueError(sentence) from error
    _sign(folder / ANSWERS)
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path for path in files if done.match_skip(path)}


def _refuse_unknown(answers: Mapping[str, str], questions: Mapping[str, Mapping[str, Any]]) -> None:
    asked = [name for name, question in questions.items() if question.get("when", True)]
    if unknown := [name for name in answers if name not in asked]:
        there_are = ", ".join(asked)
        raise ValueError(f"There is no question {unknown[0]!r}; there are: {there_are}.")


def _sign(answers: Path) -> None:
    """Record what `copier copy . services/…` would: this repository, at its commit."""
    comment, *lines = answers.read_text(encoding="utf-8").splitlines()
    given = [line for line in lines if not line.startswith("_")]
    signed = ["_src_path: .", *given]
    describe = ["git", "describe", "--tags", "--always"]
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        found = subprocess.run(describe, cwd=ROOT, check=True, capture_output=True, text=True)
        signed.insert(0, f"_commit: {found.stdout.strip()}")
    answers.write_text("\n".join([comment, *signed]) + "\n", encoding="utf-8")


def recorded(answers: Path) -> dict[str, str]:
    """The answers that a service was rendered with, without Copier's own notes."""
    found = yaml.safe_load(answers.read_text(encoding="utf-8"))
    return {name: value for name, value in found.items() if not name.startswith("_")}


def main(folder: str, *pairs: str) -> str | None:
    """Gives the reason to fail."""
    pairs = tuple(pair for pair in pairs if pair not in {"-d", "--data"})
    if wrong := [pair for pair in pairs if "=" not in pair]:
        return f"{wrong[0]!r} is no answer: write <question>=<answer>, such as resource=order."
    names = [pair.partition("=")[0] for pair in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        return f"There are two answers to {twice[0]!r}: give one."
    try:
        render(Path(folder), dict(pair.split("=", 1) for pair in pairs))
    except ValueError as error:
        return str(error)
    return None


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(*sys.argv[1:]))

"""What was rendered here: the answers files of services, of their modules, and of a monorepo."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gates.services import REPOSITORY, find_services

ANSWERS = ".copier-answers.yml"
ALL_ANSWERS = ".copier-answers*.yml"


@dataclass(frozen=True)
class Record:
    """What an answers file says: which template, at which state, with which answers."""

    path: Path
    source: str  # `_src_path`
    called: str  # `_commit`; empty when the template had none
    answers: dict[str, Any]


def read(path: Path) -> Record:
    """Read an answers file. Raises `ValueError` with one sentence when that cannot be done."""
    try:
        return parse(path, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{shown(path)} cannot be read, bring it back from git: {why}.") from error


def parse(path: Path, text: str) -> Record:
    """The same for the text of the file, wherever that is from."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{shown(path)} is not valid YAML: bring it back from git.") from error
    if not isinstance(found, dict):
        raise ValueError(f"{shown(path)} holds no answers: bring it back from git.")  # noqa: TRY004 - input
    answers = {name: value for name, value in found.items() if not name.startswith("_")}
    return Record(path, str(found.get("_src_path", "")), str(found.get("_commit", "")), answers)


def shown(path: Path, root: Path | None = None) -> str:
    """What a path is called in messages: as it is seen from `root`, or from where we are."""
    start = root or Path.cwd()
    return (path.relative_to(start) if path.is_relative_to(start) else path).as_posix()


def records(folder: Path) -> list[Record]:
    """What was rendered into a folder: the service or monorepo first, then its modules."""
    paths = sorted(folder.glob(ALL_ANSWERS), key=lambda path: (path.name != ANSWERS, path.name))
    return [read(path) for path in paths]


def rendered(root: Path) -> dict[str, Path]:
    """The services of a repository by name, after itself where it was rendered as a monorepo."""
    return ({REPOSITORY: root} if _is_monorepo(root) else {}) | find_services(root)


def _is_monorepo(root: Path) -> bool:
    """Whether it was rendered as one; without its answers, any that is no template, nor alone."""
    if (root / ANSWERS).is_file():
        return read(root / ANSWERS).answers.get("kind") == "monorepo"
    others = (root / "copier.yml", root / "pyproject.toml")
    return (root / "services").is_dir() and not any(path.is_file() for path in others)


def chosen(root: Path, names: list[str]) -> dict[str, Path]:
    """Those of `rendered` that were named, or all.

    Raises `ValueError` with one sentence for a name that is none of theirs, and where there is
    nothing at all.
    """
    there = rendered(root)
    there_are = f"there are: {', '.join(there)}" if there else "make one: nox -s new -- orders"
    for name in names:
        if name not in there:
            raise ValueError(f"There is no service {name!r}; {there_are}.")
    if not there:
        raise ValueError(f"There is no service yet, {there_are}.")
    return {name: there[name] for name in names or there}

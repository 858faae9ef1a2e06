"""Renders the template for answers: for `nox -s new`, `drift`, `sync`, `update`, and the tests.

python render.py <folder> <question>=<answer> …
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates import interrupted  # noqa: F401 - first: a Ctrl-C gets a sentence from here on

# isort: split
import copier
import yaml
from copier.errors import CopierError
from jinja2 import Environment, StrictUndefined, TemplateError

from gates.records import ANSWERS, Record, read, shown
from gates.services import find_services
from gates.upstream import State, Templates, templates_for

if TYPE_CHECKING:
    from copier import Worker

__all__ = ["ANSWERS", "ROOT", "Rendering", "plain_template", "recorded", "render", "render_again"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Rendering:
    """What a template renders for some answers."""

    state: State
    folder: Path
    answers: Path  # the answers file; this path and all others are relative to the folder
    owned: frozenset[Path]  # the template's: the same everywhere, but for the answers
    is_seeded: Callable[[Path], bool]  # rendered once, the team's own from then on
    is_left_out: Callable[[Path], bool]  # the template has it, for others
    name: Callable[[str], str] = field(repr=False)  # what a path in template/ is called


@contextmanager
def plain_template() -> Iterator[Path]:
    """A copy of the template that new services are rendered from, without history or leftovers.

    Copier would render the newest tag of a repository, and commit what is not committed.
    """
    with templates_for(ROOT) as templates:
        yield for_new(templates, ROOT).folder


def for_new(templates: Templates, folder: Path) -> State:
    """The state to render something new from: the work tree, or what the answers file says.

    That is the service's for a module of it, which `folder` is called after, or the monorepo's.

    Raises `ValueError` with one sentence when the template cannot be had.
    """
    if (templates.root / "copier.yml").is_file():
        return templates.work_tree()
    there = find_services(templates.root).get(folder.name, templates.root)
    return held_to(templates, there / ANSWERS)


def held_to(templates: Templates, answers: Path) -> State:
    """The state that drift compares with: the work tree, or elsewhere the recorded commit.

    Raises `ValueError` with one sentence when it cannot be had.
    """
    record = read(answers)
    if templates.is_own(record.source, answers.parent):
        return templates.work_tree()
    if commit := templates.commit(record.source, record.called):
        return templates.at(record.source, commit)
    raise ValueError(
        f"{templates.shown(answers)} names {record.called!r}, which {record.source} has no longer:"
        " nox -s update takes its newest version."
    )


def render(folder: Path, answers: Mapping[str, str]) -> set[Path]:
    """Render the template into the new `folder`; gives the seeded files, relative to it.

    Raises `ValueError` with one sentence for an answer that cannot be, and leaves nothing then.
    """
    try:
        with templates_for(ROOT) as templates:
            state = for_new(templates, folder)
            done = _run_copy(state, folder, answers, _answers_file(answers), is_new=True)
            _refuse_unknown(answers, done.template.questions_data)
    except BaseException:  # Ctrl-C included
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _sign(folder / done.answers_relpath, state)
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path for path in files if done.match_skip(path)}


def render_again(state: State, record: Record, to: Path) -> Rendering:
    """Render what was rendered once, at this or another state, into the new folder `to`.

    Questions that have gone are forgotten, new ones take their default. Raises `ValueError` with
    one sentence when the template cannot take the answers.
    """
    answers_file = record.path.name
    try:
        done = _run_copy(state, to, record.answers, answers_file)
    except ValueError as error:
        raise ValueError(f"{shown(record.path)}: {error}") from error
    _sign(to / answers_file, state)
    files = {path.relative_to(to) for path in to.rglob("*") if path.is_file()}
    owned = {path for path in files if not done.match_skip(path)} - {Path(answers_file)}
    return Rendering(
        state=state,
        folder=to,
        answers=Path(answers_file),
        owned=frozenset(owned),
        is_seeded=done.match_skip,
        is_left_out=done.match_exclude,
        name=partial(_name, dict(done.answers.combined)),
    )


def _answers_file(answers: Mapping[str, str]) -> str | None:
    """Return what copier.yml calls the answers file, as far as the answers say it.

    Copier would work out the expression there for every part of every path: half of its time.
    """
    match answers.get("kind"):
        case "module":
            return f".copier-answers.{answers['resources']}.yml" if "resources" in answers else None
        case "access":
            return ".copier-answers.access.yml"
    return ANSWERS


def _run_copy(
    state: State,
    folder: Path,
    answers: Mapping[str, Any],
    answers_file: str | None = None,
    *,
    is_new: bool = False,
) -> "Worker":
    """Let Copier render. Raises `ValueError` with one sentence."""
    template, given = str(state.folder), dict(answers)
    try:
        return copier.run_copy(
            template,
            folder,
            given,
            answers_file=answers_file,
            defaults=True,
            overwrite=not is_new,  # says to validators that all this may be there already
            quiet=True,
        )
    except (ValueError, CopierError, TemplateError) as error:
        sentence = re.sub(r"^Validation error for question '\w+': ", "", str(error))
        raise ValueError(sentence) from error


def _name(values: Mapping[str, Any], path: str) -> str:
    """What a path in template/ is called with these values; empty if they do not say."""
    try:
        name = Environment(undefined=StrictUndefined, autoescape=False).from_string(path)
        return name.render(values).removesuffix(".jinja")
    except TemplateError:
        return ""


def _refuse_unknown(answers: Mapping[str, str], questions: Mapping[str, Mapping[str, Any]]) -> None:
    asked = [name for name, question in questions.items() if question.get("when", True)]
    if unknown := [name for name in answers if name not in asked]:
        there_are = ", ".join(name for name in asked if name != "kind")  # no answer of `new`'s
        raise ValueError(f"There is no question {unknown[0]!r}; there are: {there_are}.")


def _sign(answers: Path, state: State) -> None:
    """Record what Copier would: where the template is, and its state."""
    comment, *lines = answers.read_text(encoding="utf-8").splitlines()
    given = [line for line in lines if not line.startswith("_")]
    notes = {"_commit": state.called} if state.called else {}
    signed = yaml.safe_dump(notes | {"_src_path": state.source})  # quotes a hash of digits alone
    answers.write_text("\n".join([comment, *signed.splitlines(), *given, ""]), encoding="utf-8")


def recorded(answers: Path) -> dict[str, Any]:
    """The answers that a service was rendered with, without Copier's own notes."""
    return read(answers).answers


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

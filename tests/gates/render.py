"""Renders the template for answers: for `nox -s new`, `drift`, `sync`, `update`, and the tests.

python render.py <folder> <question>=<answer> …
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates import interrupted  # noqa: F401 - first: a Ctrl-C gets a sentence from here on

# isort: split
import yaml
from copier._main import Worker
from copier.errors import CopierError
from jinja2 import TemplateError

from gates.records import ALL_ANSWERS, ANSWERS, Record, read, shown
from gates.services import find_services
from gates.upstream import LEFTOVERS, State, Templates, templates_for

__all__ = [
    "ANSWERS",
    "ROOT",
    "Rendering",
    "files_in",
    "plain_template",
    "recorded",
    "render",
    "render_again",
]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Rendering:
    """What a template renders for some answers; a file is rendered when it is asked for."""

    state: State
    answers: Path  # the answers file; this path and all others are relative to the service
    owned: frozenset[Path]  # the template's, by copier.yml; all others are the team's
    _folder: Path = field(repr=False)
    _sources: Mapping[Path, str] = field(repr=False)  # where each file is in template/
    _worker: Worker = field(repr=False)

    @property
    def answers_file(self) -> Path:
        """Return where the rendered answers file is."""
        return self._folder / self.answers

    def is_seeded(self, path: Path) -> bool:
        """Return whether a path is the team's, once its file is rendered."""
        return bool(self._worker.match_skip(path))

    def file(self, path: Path) -> Path | None:
        """Return where the rendered file is; None where the template has none."""
        if path == self.answers:
            return self.answers_file
        if path not in self._sources:
            return None
        source = self.state.folder / "template" / self._sources[path]
        if source.suffix != ".jinja":
            return source
        rendered = self._folder / path
        if not rendered.exists():
            rendered.parent.mkdir(parents=True, exist_ok=True)
            text = self._worker._render_string(source.read_text(encoding="utf-8"))  # noqa: SLF001
            rendered.write_text(text, encoding="utf-8")
            rendered.chmod(source.stat().st_mode)
        return rendered

    def extra(self, folder: Path) -> Iterator[Path]:
        """Yield the files of a service where only the template may have some, and has none."""
        owned = (each[1:].strip("/") for each in self._worker.all_skip_if_exists if each[0] == "!")
        found = {path for glob in owned for start in folder.glob(glob) for path in files_in(start)}
        for path in sorted(each.relative_to(folder) for each in found):
            is_known = path in self.owned or fnmatch(path.name, ALL_ANSWERS)
            if not (is_known or self.is_seeded(path) or self._worker.match_exclude(path)):
                yield path


def files_in(start: Path) -> Iterator[Path]:
    """Yield each file below a folder, links to files included, but no caches; or the file alone."""
    if not start.is_dir():
        yield start
    elif not start.is_symlink():
        for each in os.scandir(start):
            if not any(fnmatch(each.name, pattern) for pattern in LEFTOVERS):
                yield from files_in(Path(each.path))


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
    return held_to(templates, read(there / ANSWERS))


def held_to(templates: Templates, record: Record) -> State:
    """The state that drift compares with: the work tree, or elsewhere the recorded commit.

    Raises `ValueError` with one sentence when it cannot be had.
    """
    if templates.is_own(record.source, record.path.parent):
        return templates.work_tree()
    if commit := templates.commit(record.source, record.called):
        return templates.at(record.source, commit)
    raise ValueError(
        f"{templates.shown(record.path)} names {record.called!r}, which {record.source} has no"
        " longer: nox -s update takes its newest version."
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

    Copier asks the questions and writes the answers file; all other files are rendered later, if
    at all. Questions that have gone are forgotten, new ones take their default. Raises `ValueError`
    with one sentence when the template cannot take the answers.
    """
    answers = Path(record.path.name)
    try:
        done = _run_copy(state, to, record.answers, answers.name)
        sources = {path: source for path, source in _sources(state, done) if path != answers}
    except ValueError as error:
        raise ValueError(f"{shown(record.path)}: {error}") from error
    _sign(to / answers, state)
    owned = frozenset(path for path in sources if not done.match_skip(path))
    return Rendering(state, answers, owned, to, sources, done)


def _sources(state: State, worker: Worker) -> Iterator[tuple[Path, str]]:
    """Yield each file that the template has for some answers, and where it is in template/."""
    sources = _template_files(state.folder)
    names = worker._render_string("\n".join(sources)).split("\n")  # noqa: SLF001 - at once: fast
    for source, name in zip(sources, names, strict=True):
        parts = name.removesuffix(".jinja").split("/")
        path = Path(*parts)
        if all(parts) and not worker.match_exclude(path):
            yield path, source


@cache
def _template_files(folder: Path) -> list[str]:
    """Return the paths of a template's files in template/; folders that are links are followed."""
    start = folder / "template"
    found = [
        Path(top, name) for top, _, names in os.walk(start, followlinks=True) for name in names
    ]
    return [path.relative_to(start).as_posix() for path in found]


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
    """Let Copier render all files, or where it was rendered once the answers file alone.

    Raises `ValueError` with one sentence.
    """
    try:
        with Worker(
            src_path=str(state.folder if is_new else state.questions),
            dst_path=folder,
            data=dict(answers),
            answers_file=Path(answers_file) if answers_file else None,
            defaults=True,
            overwrite=not is_new,  # says to validators that all this may be there already
            quiet=True,
        ) as worker:
            if not is_new:
                _share(state, worker)
            worker.run_copy()
    except (ValueError, CopierError, TemplateError) as error:
        sentence = re.sub(r"^Validation error for question '\w+': ", "", str(error))
        raise ValueError(sentence) from error
    return worker


def _share(state: State, worker: Worker) -> None:
    """Let all renders of a state read copier.yml once, and compile what is in it once."""
    if not state.shared:
        state.shared.update(template=worker.template, jinja_env=worker.jinja_env)
        vars(worker.jinja_env)["from_string"] = cache(worker.jinja_env.from_string)
    vars(worker).update(state.shared)  # which are Copier's cached properties


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

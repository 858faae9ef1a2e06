"""Takes services to a newer state of the template, and keeps what the team has made of them.

    python update.py [<service> [<version>]]

The template's files are merged as git merges a branch: from the state that the service was
rendered from to the new one, which is HEAD of this repository, or the newest release of another;
a version can be chosen. Seeded files are the team's, and not touched. All services are rendered and
merged before anything is written; then the changes are there to be reviewed, conflicts among them.

A monorepo's platform and its services fit together only in one version, so they are updated
together. What a release needs by hand is in plumbline/UPGRADING.md: the sections that are new in it
are printed.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates import interrupted
from gates.accepted import accepted
from gates.git import GitError, git, resolved
from gates.merging import Files, Merged, Merging
from gates.origin import origin
from gates.records import ANSWERS, Record, chosen, read, records, rendered
from gates.render import ROOT, Rendering, render_again
from gates.services import PLATFORM, REPOSITORY
from gates.upstream import OWN, State, Templates, templates_for

UPGRADING = Path(PLATFORM, "UPGRADING.md")
PROJECT = Path(PLATFORM, "pyproject.toml")


@dataclass(frozen=True)
class Step:
    """What one answers file stands for, at the old and at the new state of the template."""

    record: Record
    old: Rendering | None  # None if that state is lost
    new: Rendering

    def before(self) -> dict[Path, Path | None]:
        """The template's files as they were rendered; None for one that was not."""
        return {path: self.old.file(path) for path in self._all()} if self.old else {}

    def after(self) -> dict[Path, Path | None]:
        """The same files as they are rendered now, and the answers file."""
        files = {path: self.new.file(path) for path in self.new.owned | {self.new.answers}}
        return dict.fromkeys(self._all()) | files

    def _all(self) -> set[Path]:
        once = self.old.owned if self.old else ()
        return {*self.new.owned, *(path for path in once if not self.new.is_seeded(path))}

    def new_answers(self) -> dict[str, object]:
        """The defaults that were taken for questions which were not there before."""
        now = read(self.new.answers_file).answers
        return {name: now[name] for name in now.keys() - self.record.answers.keys()}

    def by_hand(self) -> Iterator[str]:
        """Yield what the new version of the platform, where it is updated, leaves to the user."""
        old, new = _text(self.old, UPGRADING), _text(self.new, UPGRADING)
        for section in re.split(r"^(?=## )", new, flags=re.MULTILINE)[1:]:
            if section.strip() not in old:
                yield f"By hand, from {UPGRADING.as_posix()}:\n{section.strip()}"
        was, now = (tomllib.loads(_text(each, PROJECT)) for each in (self.old, self.new))
        if now.get("project") != was.get("project"):
            yield f"{PROJECT.as_posix()} has changed, and lock files are stale: nox -s relock."


class Update:
    """One run: what is to change, and what there is to say of it."""

    def __init__(self, templates: Templates, version: str = "") -> None:
        """`version` is a tag, branch or commit of the template; empty for the newest.

        Raises `ValueError` with one sentence where there are changes that are not committed, or
        nothing is yet.
        """
        self.notes: list[str] = []
        self._templates = templates
        self._version = version
        self._top = _clean_work_tree(templates.root)
        self._merging = Merging(self._top, templates.new_folder())
        self._head = git(self._top, "rev-parse", "HEAD^{tree}").strip()

    def merge(self, folders: dict[str, Path]) -> Merged:
        """Render and merge one service after the other; no file of theirs is touched.

        Raises `ValueError` with one sentence where that cannot be done.
        """
        merged = Merged(self._head)
        for name, folder in folders.items():
            if not (folder / ANSWERS).is_file():
                shown = self._templates.shown(folder / ANSWERS)
                raise ValueError(f"{name} cannot be updated without {shown}: bring it back.")
            whole = REPOSITORY if REPOSITORY in folders else name
            steps = [step for record in records(folder) for step in self._steps(whole, record)]
            merged = self._merge(merged, folder, steps)
        return merged

    def bring(self, merged: Merged) -> int:
        """Put the result into the work tree and the index; gives how many files changed.

        Raises `ValueError` with one sentence, and changes nothing, for a file in the way.
        """
        changed = self._merging.changed(self._head, merged.tree)
        tracked = set(git(self._top, "ls-files", "-z").split("\0"))
        for name in changed:
            if name not in tracked and (self._top / name).exists():
                raise ValueError(f"{name} is in the way, which git ignores: move it, update again.")
        self._merging.bring(merged)
        return len(changed)

    def _merge(self, merged: Merged, folder: Path, steps: list[Step]) -> Merged:
        prefix = folder.resolve().relative_to(self._top.resolve())
        mine = merged.tree
        before: dict[Path, Path | None] = {}
        after: dict[Path, Path | None] = {}
        for step in steps:
            spared = set() if step.old else set(accepted(folder))
            before |= step.before()
            after |= {path: file for path, file in step.after().items() if path not in spared}
        named = self._merging.with_files(mine, _under(prefix, before))
        theirs = self._merging.with_files(mine, _under(prefix, after))
        label = f"template-{steps[0].new.state.called}" if steps else "template"
        done = self._merging.merge(named, mine, theirs, label)
        changed = {Path(name) for name in self._merging.changed(mine, done.tree)}
        notes_alone = {prefix / step.new.answers for step in steps if _says_the_same(step)}
        if changed <= notes_alone and not done.conflicts:
            return merged
        self.notes += [note for step in steps for note in self._notes(step)]
        return Merged(done.tree, merged.conflicts + done.conflicts)

    def _steps(self, name: str, record: Record) -> Iterator[Step]:
        """What to do for an answers file, unless it is at a newer state already."""
        own = self._templates.is_own(record.source, record.path.parent)
        source = OWN if own else record.source
        new = self._new(source)
        old = self._templates.commit(source, record.called)
        if old and not self._version and self._is_behind(source, new.commit, old):
            self.notes.append(
                f"{name} is at {record.called}, newer than the newest release {new.called}: name"
                f" another version, such as nox -s update -- {name} HEAD."
            )
            return
        place = self._templates.new_folder() / record.path.parent.name
        yield Step(
            record, origin(self._templates, source, record), render_again(new, record, place)
        )

    def _new(self, source: str) -> State:
        name = self._version or self._templates.newest(source)
        if commit := self._templates.commit(source, name):
            return self._templates.at(source, commit)
        raise ValueError(f"There is no version {name!r} of the template {source}: name another.")

    def _is_behind(self, source: str, commit: str, other: str) -> bool:
        base = git(
            self._templates.repository(source), "merge-base", commit, other, fine=(0, 1)
        ).strip()
        return base == commit != other

    def _notes(self, step: Step) -> Iterator[str]:
        shown = self._templates.shown(step.record.path)
        was = step.old.state.called if step.old else "an unknown version"
        yield f"{shown}: from {was} to {step.new.state.called}."
        if step.old is None:
            yield (
                f"{shown} names {step.record.called!r}, which its template has no longer: the"
                " template's files are replaced, not merged; look for changes of yours in git diff."
            )
        for name, value in sorted(step.new_answers().items()):
            yield f"{shown}: the new question {name} is answered with its default, {value!r}."
        yield from step.by_hand()


def _clean_work_tree(root: Path) -> Path:
    """The top of the work tree. Raises `ValueError` with one sentence when git could not undo."""
    try:
        top = Path(git(root, "rev-parse", "--show-toplevel").strip())
    except GitError as error:
        raise ValueError("An update needs git, to merge and to undo: git init, commit.") from error
    if not resolved(root, "HEAD"):
        raise ValueError("Nothing is committed here yet: commit first, so that you can go back.")
    if dirty := git(top, "status", "--porcelain", "-z", "--no-renames").split("\0")[:-1]:
        files = dirty[0][3:] + (f" and {len(dirty) - 1} more" if dirty[1:] else "")
        raise ValueError(f"There are changes not committed: commit or stash {files} first.")
    return top


def _says_the_same(step: Step) -> bool:
    """Whether nothing is new but how the commit of this very repository is called."""
    return step.new.state.source == OWN and not step.new_answers() and step.old is not None


def _text(rendering: Rendering | None, path: Path) -> str:
    file = rendering.file(path) if rendering else None
    return file.read_text(encoding="utf-8") if file else ""


def _under(prefix: Path, files: dict[Path, Path | None]) -> Files:
    return {(prefix / path).as_posix(): file for path, file in files.items()}


def main(arguments: list[str], root: Path = ROOT) -> str | None:
    """Update, and print what changed; return the reason to fail."""
    names, versions = arguments[:1], arguments[1:]
    if len(versions) > 1:
        return "Name one service, or none for all, and one version: nox -s update -- orders v1.2.0."
    try:
        with interrupted.point_of_no_return() as writing_begins, templates_for(root) as templates:
            folders = _folders(root, names)
            update = Update(templates, *versions)
            merged = update.merge(folders)
            writing_begins()
            changed = update.bring(merged)
    except ValueError as error:
        return str(error)
    print(*update.notes, sep="\n", end="\n" if update.notes else "")
    return closing(changed, merged.unmerged)


def _folders(root: Path, names: list[str]) -> dict[str, Path]:
    """Return what to update together. Raises `ValueError` for a part of a monorepo."""
    folders = chosen(root, names)
    if not (root / ANSWERS).is_file() or REPOSITORY not in rendered(root):
        return folders
    if names not in ([], [REPOSITORY]):
        raise ValueError(
            f"{names[0]} and {PLATFORM}/ must have the same version: update all with nox -s update,"
            f" or to a version of your choice with nox -s update -- {REPOSITORY} v1.2.0."
        )
    return rendered(root)


def closing(changed: int, unmerged: dict[str, str]) -> str | None:
    """Print what there is to do next, or give the reason to fail."""
    if unmerged:
        files = "1 file is" if len(unmerged) == 1 else f"{len(unmerged)} files are"
        return (
            f"{files} in conflict: {'; '.join(_ways_out(unmerged))}; then commit, or take the whole"
            " update back with git reset --hard."
        )
    if changed:
        files = "1 file" if changed == 1 else f"{changed} files"
        print(f"{files} changed: look with git diff --cached, and commit.")
    else:
        print("There is nothing to update.")
    return None


def _ways_out(unmerged: dict[str, str]) -> Iterator[str]:
    """What to do with the files in conflict, the same for some at once."""
    ways: dict[str, list[str]] = {}
    for name, versions in unmerged.items():
        ways.setdefault(_way_out(versions), []).append(name)
    for way, names in ways.items():
        yield way.format(", ".join(names))


def _way_out(versions: str) -> str:
    """Where one side has deleted the file, there are no marks in it."""
    if "3" not in versions:
        return "the template has deleted {}: git rm, or git add and accept it in pyproject.toml"
    if "2" not in versions:
        return "you have deleted {}, and the template has changed it: git rm, or git add"
    return "decide in {} what to keep, and git add"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

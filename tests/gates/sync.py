"""Makes each service again what the template renders for its answers: repairs what drift shows.

    python sync.py [<service> …]

Seeded files, and those that the team accepts to differ, are left alone. All is rendered and looked
at before anything is written; nothing is, where git could not bring back what would be lost.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates import interrupted
from gates.drift import Comparison, compare, in_the_way, print_accepted
from gates.git import GitError, git
from gates.records import chosen
from gates.render import ROOT
from gates.upstream import Templates, templates_for


def repair(comparison: Comparison) -> Iterator[Path]:
    """Write, or delete, what drifted, and record the template's state; gives each file at once."""
    for each in comparison.red:
        _replace(comparison.folder / each.path, each.fresh)
        yield comparison.folder / each.path
    for rendering in comparison.renderings:
        _replace(comparison.folder / rendering.answers, rendering.answers_file)


def _replace(path: Path, fresh: Path | None) -> None:
    path.unlink(missing_ok=True)  # a link is not followed, and a read-only file is no obstacle
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(fresh, path)


def refuse_to_lose(templates: Templates, comparison: Comparison) -> None:
    """Raise `ValueError` with one sentence for a change that git does not have.

    The same for what is in the way of a file, and for a folder that cannot be written to.
    """
    for each in comparison.red:
        if in_the_way(comparison.folder, each.path):
            raise ValueError(each.message.strip())
    touched = [each.path for each in comparison.red] + [
        each.answers for each in comparison.renderings
    ]
    for path in touched:
        parents = (comparison.folder / path).parents
        folder = next(parent for parent in parents if parent.is_dir())
        if not os.access(folder, os.W_OK):
            shown = templates.shown(folder)
            raise ValueError(f"Nothing can be written to {shown}: chmod u+w it, and sync again.")
    there = [str(path) for path in touched if (comparison.folder / path).exists()]
    how = ["--porcelain", "--ignored=matching", "--untracked-files=all", "-z", "--no-renames"]
    try:
        printed = git(comparison.folder, "status", *how, "--", *there)
    except GitError as error:
        raise ValueError(
            "Here is no git repository to bring back what sync replaces: git init, and commit."
        ) from error
    for line in filter(None, printed.split("\0")):
        if line[1] != " " or "U" in line[:2]:
            raise ValueError(
                f"{line[3:]} has changes that git has not: commit or stage them first."
            )


def main(names: list[str], root: Path = ROOT) -> str | None:
    """Repair, and print what; gives the reason to fail."""
    repaired = 0
    try:
        with interrupted.point_of_no_return() as writing_begins, templates_for(root) as templates:
            compared = [compare(templates, folder) for folder in chosen(root, names).values()]
            drifted = [each for each in compared if each.red]
            for comparison in drifted:
                refuse_to_lose(templates, comparison)
            writing_begins()
            for path in (path for comparison in drifted for path in repair(comparison)):
                print(f"{'repaired' if path.exists() else 'deleted'}: {templates.shown(path)}")
                repaired += 1
            for comparison in compared:
                print_accepted(templates, comparison)
    except ValueError as error:
        return str(error)
    except OSError as error:
        return f"Not everything is repaired, fix this and sync again: {error}."
    files = "1 file" if repaired == 1 else f"{repaired} files"
    print(f"{files} repaired: git diff shows what." if repaired else "There is nothing to repair.")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

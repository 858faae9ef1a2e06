"""Makes each service again what the template renders for its answers: repairs what drift shows.

    python sync.py [<service> …]

Seeded files, and those that the team accepts to differ, are left alone. All is rendered and looked
at before anything is written; nothing is, where git could not bring back what would be lost.
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates.drift import Comparison, compare, tell_accepted
from gates.git import GitError, git
from gates.records import ANSWERS, chosen
from gates.render import ROOT
from gates.upstream import templates_for


def repair(comparison: Comparison) -> list[Path]:
    """Write, or delete, the files that drifted, and record the template's state; gives them."""
    for each in comparison.red:
        _replace(comparison.folder / each.path, each.fresh)
    for rendering in comparison.renderings:
        _replace(comparison.folder / rendering.answers, rendering.folder / rendering.answers)
    return [comparison.folder / each.path for each in comparison.red]


def _replace(path: Path, fresh: Path | None) -> None:
    if path.is_symlink() or fresh is None:
        path.unlink()
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(fresh, path)


def refuse_to_lose(comparison: Comparison) -> None:
    """Raise `ValueError` with one sentence for a change that git does not have.

    The same for a folder where a file should be, or the other way round, and without answers.
    """
    for each in comparison.red:
        place = comparison.folder / each.path
        if each.path == Path(ANSWERS):
            raise ValueError(each.told.strip())
        if place.is_dir() or any(parent.is_file() for parent in place.parents):
            raise ValueError(f"There can be no file {place}: move what is in the way.")
    touched = [each.path for each in comparison.red] + [
        each.answers for each in comparison.renderings
    ]
    there = [str(path) for path in touched if (comparison.folder / path).exists()]
    how = ["--porcelain", "--ignored=matching", "--untracked-files=all", "-z", "--no-renames"]
    try:
        told = git(comparison.folder, "status", *how, "--", *there)
    except GitError as error:
        raise ValueError(
            "Here is no git repository to bring back what sync replaces: git init, and commit."
        ) from error
    for line in filter(None, told.split("\0")):
        if line[1] != " " or "U" in line[:2]:
            raise ValueError(
                f"{line[3:]} has changes that git has not: commit or stage them first."
            )


def main(names: list[str], root: Path = ROOT) -> str | None:
    """Repair, and print what; gives the reason to fail."""
    try:
        with templates_for(root) as templates:
            compared = [compare(templates, folder) for folder in chosen(root, names).values()]
            drifted = [each for each in compared if each.red]
            for comparison in drifted:
                refuse_to_lose(comparison)
            repaired = [path for comparison in drifted for path in repair(comparison)]
            for path in repaired:
                print(f"{'repaired' if path.exists() else 'deleted'}: {templates.shown(path)}")
            for comparison in compared:
                tell_accepted(templates, comparison)
    except (ValueError, OSError) as error:
        return str(error)
    files = "1 file" if len(repaired) == 1 else f"{len(repaired)} files"
    print(f"{files} repaired: git diff shows what." if repaired else "There is nothing to repair.")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

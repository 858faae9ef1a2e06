"""Merges trees of a git repository without touching its files, and brings the result in at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gates.git import GitError, git

Files = Mapping[str, Path | None]  # by their path in the repository; None where there is none
WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "update"), ("EMAIL", "update@localhost"))
}


@dataclass(frozen=True)
class Merged:
    """A tree, and the conflicts in it, which the user decides."""

    tree: str
    conflicts: tuple[str, ...] = ()  # as `git ls-files --unmerged` prints them

    @property
    def unmerged(self) -> dict[str, str]:
        """The files in conflict, and which versions there are: 1 before, 2 yours, 3 theirs."""
        versions: dict[str, str] = {}
        for line in self.conflicts:
            about, _, name = line.partition("\t")
            versions[name] = versions.get(name, "") + about[-1]
        return versions


class Merging:
    """The trees of one repository."""

    def __init__(self, top: Path, scratch: Path) -> None:
        """For the repository whose files are in `top`; `scratch` is an empty folder to work in.

        Raises `GitError` with one sentence when git is older than 2.38, which came in 2022.
        """
        version = git(top, "version").split()[2]
        if [int(part) for part in version.split(".")[:2]] < [2, 38]:
            raise GitError(f"An update needs git 2.38 or newer, and this is {version}: install it.")
        self._top = top
        self._index = {"GIT_INDEX_FILE": str(scratch / "index")}
        objects = git(top, "rev-parse", "--path-format=absolute", "--git-path", "objects").strip()
        branches = scratch / "branches.git"  # a place of their own for names that conflicts show
        kind = git(top, "rev-parse", "--show-object-format").strip()
        git(top, "init", "--quiet", "--bare", f"--object-format={kind}", branches)
        self._apart = {"GIT_DIR": str(branches), "GIT_OBJECT_DIRECTORY": objects}

    def with_files(self, tree: str, files: Files) -> str:
        """The same tree, but for these files."""
        git(self._top, "read-tree", tree, env=self._index)
        there = {name: file for name, file in files.items() if file}
        paths = "".join(f"{file}\n" for file in there.values())
        hashes = git(self._top, "hash-object", "-w", "--no-filters", "--stdin-paths", given=paths)
        entries = [
            f"{_mode(file)} {each}\t{name}"
            for (name, file), each in zip(there.items(), hashes.split(), strict=True)
        ]
        gone = [f"0 {'0' * len(tree)}\t{name}" for name in files.keys() - there.keys()]
        given = "\0".join([*gone, *entries, ""])  # gone first: a file may become a folder
        git(self._top, "update-index", "-z", "--index-info", given=given, env=self._index)
        return git(self._top, "write-tree", env=self._index).strip()

    def merge(self, before: str, ours: str, theirs: str, name: str) -> Merged:
        """What git makes of two trees that were `before` once; `name` is what it calls theirs."""
        root = self._commit(before)
        for branch, tree in (("yours", ours), (name, theirs)):
            commit = self._commit(tree, "-p", root)
            git(self._top, "update-ref", f"refs/heads/{branch}", commit, env=self._apart)
        merge = ["merge-tree", "--write-tree", "-z", "--no-messages", "yours", name]
        printed = git(self._top, *merge, fine=(0, 1), env=self._apart)
        tree, *conflicts = filter(None, printed.split("\0"))
        return Merged(tree, tuple(conflicts))

    def _commit(self, tree: str, *parent: str) -> str:
        return git(self._top, "commit-tree", tree, *parent, given="-", env=WHO).strip()

    def bring(self, merged: Merged) -> None:
        """Turn HEAD's files into what was merged, with the conflicts in the index.

        A Ctrl-C in the terminal does not reach git: see `point_of_no_return` for this program.
        """
        clear = [f"0 {'0' * len(merged.tree)}\t{name}" for name in merged.unmerged]
        stages = "\0".join([*clear, *merged.conflicts, ""]) if clear else ""
        git(self._top, "read-tree", "-m", "-u", "HEAD", merged.tree, apart=True)
        git(self._top, "update-index", "-z", "--index-info", given=stages, apart=True)

    def changed(self, before: str, after: str) -> list[str]:
        """The files in which two trees differ."""
        how = ["-r", "--no-renames", "--name-only", "-z"]
        return git(self._top, "diff-tree", *how, before, after).split("\0")[:-1]


def _mode(file: Path) -> str:
    return "100755" if file.stat().st_mode & 0o111 else "100644"

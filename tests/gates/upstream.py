"""The templates that services come from, at any commit: this repository's own, or another's."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from gates.git import GitError, git, resolved
from gates.records import shown

OWN = "."  # the template is that of the repository itself
ABBREVIATED = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}  # as Copier has them
NO_TEMPLATE = ("services/", "docs/")  # needs no look when a template is rendered
LEFTOVERS = (  # no file of a template, wherever they are
    *("__pycache__", "*.pyc", ".DS_Store", ".*_cache", ".venv", ".hypothesis", ".env"),
    *(".coverage", ".coverage.*", "htmlcov", "*.egg-info", "*.db", "*.db-*"),
)
ANSWERS_FILE = "*_copier_conf.answers_file*"  # the template's own file that records the answers


@dataclass(frozen=True)
class State:
    """A template at some time."""

    source: str  # where it is, as answers files say it: `_src_path`
    commit: str  # its full hash; empty for a work tree without a commit
    called: str  # what answers files say of the time: `_commit`
    folder: Path = field(repr=False)  # all that Copier needs to render it
    questions: Path = field(repr=False)  # the same, but of its files only the one for the answers
    shared: dict[str, Any] = field(repr=False, compare=False, default_factory=dict)  # by renders


class Templates:
    """Brings templates here, each repository and each state once."""

    def __init__(self, root: Path, scratch: Path) -> None:
        """For the repository at `root`; what is brought goes into the folder `scratch`."""
        self.root = root
        self._scratch = scratch
        self.repository = cache(self._repository)
        self.at = cache(self._at)
        self.work_tree = cache(self._work_tree)

    def shown(self, path: Path) -> str:
        """What a path is called in messages: as it is seen from the repository."""
        return shown(path, self.root)

    def new_folder(self) -> Path:
        """An empty folder, for as long as the templates are needed."""
        return Path(tempfile.mkdtemp(dir=self._scratch))

    def is_own(self, source: str, folder: Path) -> bool:
        """Whether a template is that of this repository, as seen from it or from `folder`."""
        seen = {(start / source).resolve() for start in (self.root, folder)}
        return (self.root / "copier.yml").is_file() and self.root.resolve() in seen

    def newest(self, source: str) -> str:
        """What an update takes: the newest release of a template elsewhere, else its HEAD."""
        tags = [] if source == OWN else released_tags(self.repository(source))
        releases = [tag for tag in tags if not Version(tag).is_prerelease]
        return releases[-1] if releases else "HEAD"

    def commit(self, source: str, name: str) -> str | None:
        """The full hash of what `name` stands for in a template's repository, if it is there."""
        return resolved(self.repository(source), name)

    def _repository(self, source: str) -> Path:
        """The repository of a template. Raises `GitError` with one sentence without it."""
        if (self.root / source).resolve() == self.root.resolve():
            if not (self.root / "copier.yml").is_file():
                raise GitError(
                    f"_src_path {source!r} in .copier-answers.yml is this repository, which is no"
                    " template: write the template's URL or full path there."
                )
            return self.root
        clone = self.new_folder() / "template.git"
        try:
            git(self.root, "clone", "--quiet", "--bare", "--", url(source), clone)
        except GitError as error:
            reason = str(error).removeprefix("fatal: ").rstrip(".")
            raise GitError(
                f"There is no template at {source!r}: fix _src_path in .copier-answers.yml, or see"
                f" that git reaches it ({reason})."
            ) from error
        return clone

    def _at(self, source: str, commit: str) -> State:
        """A template at a commit, given as a full hash."""
        repository, folder = self.repository(source), self.new_folder()
        names = git(repository, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        needed = [name for name in names.split("\0") if not name.startswith(NO_TEMPLATE)]
        index = {"GIT_INDEX_FILE": str(self.new_folder() / "index")}
        git(repository, "read-tree", commit, env=index)
        put = ["checkout-index", "--stdin", "-z", f"--prefix={folder}/"]
        git(repository, "--work-tree=.", *put, given="\0".join(needed), env=index)
        _take_links_as_copier_does(folder / "template", folder / "template")
        return self._state(source, commit, described(repository, commit), folder)

    def _work_tree(self) -> State:
        """The template of this repository as it stands, without history and without leftovers."""
        folder = self.new_folder()
        for name in ("copier.yml", ".taken-names.yml"):
            if (self.root / name).is_file():
                shutil.copy(self.root / name, folder)
        ignored = shutil.ignore_patterns(*LEFTOVERS)
        shutil.copytree(self.root / "template", folder / "template", ignore=ignored)
        _take_links_as_copier_does(self.root / "template", folder / "template")
        try:
            commit = resolved(self.root, "HEAD") or ""
        except GitError:
            commit = ""
        return self._state(OWN, commit, described(self.root, commit) if commit else "", folder)

    def _state(self, source: str, commit: str, called: str, folder: Path) -> State:
        questions = self.new_folder()
        (questions / "template").mkdir()
        for name in ("*.yml", ".*.yml", f"template/{ANSWERS_FILE}"):
            for path in folder.glob(name):
                shutil.copy(path, questions / path.relative_to(folder))
        return State(source, commit, called, folder, questions)


@contextmanager
def templates_for(root: Path) -> Iterator[Templates]:
    """The templates of a repository's services, in a scratch folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        yield Templates(root, Path(scratch).resolve())


def _take_links_as_copier_does(template: Path, copy: Path) -> None:
    """Put a plain file where there is a link to one: of the link, Copier takes the mode, too.

    So it does when it renders from git. Files in a folder that is a link keep theirs.
    """
    found = template.rglob("*")
    links = [path for path in found if path.is_symlink() and path.is_file()]
    for path in (copy / link.relative_to(template) for link in links):
        if not path.exists():  # a leftover, which was not copied
            continue
        text = path.read_bytes()
        path.unlink()
        path.write_bytes(text)


def url(source: str) -> str:
    """What git clones for a `_src_path` of Copier's: a path, a URL, or an abbreviation."""
    for short, address in ABBREVIATED.items():
        if source.startswith(short):
            return f"{address}{source.removeprefix(short).strip('/').removesuffix('.git')}.git"
    return str(Path(source).expanduser()) if source[:1] == "~" else source.removeprefix("git+")


def described(repository: Path, commit: str) -> str:
    """What Copier calls a commit: by its release, by how far it is after one, or by its hash."""
    releases = [f"--match={tag}" for tag in released_tags(repository)] or ["--exclude=*"]
    return git(repository, "describe", "--tags", "--always", *releases, commit).strip()


def tag_of(called: str) -> str:
    """The tag in a description such as `v0.1.0-3-gabc1234`; empty if there is none."""
    found = re.fullmatch(r"(.+)-\d+-g[0-9a-f]+", called)
    return found[1] if found else ""


def released_tags(repository: Path) -> list[str]:
    """The tags that Copier takes for releases of a template, which are PEP 440's, oldest first."""
    return sorted(filter(_is_version, git(repository, "tag").split()), key=Version)


def _is_version(tag: str) -> bool:
    try:
        Version(tag)
    except InvalidVersion:
        return False
    return True

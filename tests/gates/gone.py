"""Finds what a template rendered for a service once, and does no longer: from the history of git.

That history begins where the service does: what was deleted from the template before the answers
file was committed for the first time was never rendered for it.
"""

from pathlib import Path

from gates.git import GitError, git, resolved
from gates.records import Record, parse
from gates.upstream import OWN, State, Templates

TEMPLATE = "template"  # `_subdirectory` in copier.yml


def no_history(root: Path) -> str:
    """Why the history of a repository cannot be looked at; empty when it can."""
    try:
        shallow = git(root, "rev-parse", "--is-shallow-repository").strip() == "true"
    except GitError:
        return "there is no git repository"
    if not resolved(root, "HEAD"):
        return "nothing is committed"
    return "this clone is shallow" if shallow else ""


def deleted(templates: Templates, record: Record, state: State) -> set[str]:
    """The paths deleted from template/ since a service was rendered for the first time.

    Look at `no_history` before. Those at which there is a file now are left out.
    """
    first = _first_commit(templates.root, record.path)
    if not first:
        return set()
    if state.source != OWN:
        told = git(templates.root, "show", f"{first}:./{record.path.relative_to(templates.root)}")
        first = templates.commit(state.source, parse(record.path, told).called) or ""
    repository = templates.repository(state.source)
    here = templates.root if state.source == OWN else state.folder
    links = _links(here)
    since = [f"{first}..{state.commit}" if first else state.commit, "--", TEMPLATE, *links]
    look = ["--no-renames", "--relative", "--diff-filter=D", "--name-only", "-z"]
    found = git(repository, "log", "--full-history", "-m", "--format=", *look, *since)
    if state.source == OWN:
        found += git(repository, "diff", *look, "HEAD", "--", TEMPLATE, *links)
    paths = {path for path in found.split("\0") if path and not (here / path).exists()}
    return {_in_template(path, links) for path in paths}


def _first_commit(root: Path, path: Path) -> str:
    """The commit that a file came with, the last time; empty if it is not committed."""
    if not path.is_relative_to(root):
        return ""
    return git(root, "log", "-1", "--diff-filter=A", "--format=%H", "--", path).strip()


def _links(folder: Path) -> dict[str, str]:
    """What lies elsewhere in a template's repository, and where template/ has a link to it."""
    links = (path for path in (folder / TEMPLATE).rglob("*") if path.is_symlink())
    return {
        path.resolve().relative_to(folder.resolve()).as_posix(): path.relative_to(
            folder / TEMPLATE
        ).as_posix()
        for path in links
    }


def _in_template(path: str, links: dict[str, str]) -> str:
    for target, link in links.items():
        if path == target or path.startswith(f"{target}/"):
            return link + path.removeprefix(target)
    return path.removeprefix(f"{TEMPLATE}/")

"""Prints what a change concerns, for GitHub Actions: jobs, and sessions of the repository.

    python matrix.py "<session> …" [<base>]

There is a job for each project that is concerned, a service or the platform, and each Python that
its classifiers name; of the named sessions, those that read what has changed are printed. Without a
base, or when git cannot compare it with HEAD, that is all of both. Works on the repository in the
current folder.
"""

import json
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nox.project

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates.git import GitError, git
from gates.services import find_projects

# Which sessions read a file; the first line that fits its path counts. A file of a service concerns
# that service's gates as well. One that no line fits is shared, as all of the platform is: it
# concerns all projects and sessions. Sessions that a repository does not have are left out.
READERS = (
    (r"services/catalog/.+", "drift mutants docs template"),  # their example
    (r"services/[^/]+/README\.md", "drift mutants docs"),
    (r"services/[^/]+/.+", "drift mutants"),
    (r"docs/.+", "docs"),
    (r"[^/]+\.md", "docs"),
    (r"tests/docs/.+", "docs repository"),
    (r"tests/template/.+", "template repository"),
    (r"tests/workflows/.+", "workflow_tests repository"),
    (r"tests/bench/.+", "repository"),
)
# A service that has a repository of its own owns all of it, but what people read.
READERS_OF_ONE = ((r"docs/.+\.md", "docs"),)
# A session that is not known here, a team's own, may read everything.
KNOWN = {"workflows"}.union(*(names.split() for _, names in READERS))


@dataclass(frozen=True)
class Plan:
    """The projects whose gates are to run, and the sessions of the repository beside them."""

    projects: list[str]
    sessions: list[str]


def jobs(root: Path, projects: Iterable[str]) -> list[dict[str, str]]:
    """Return a job for each project and Python.

    Raises `ValueError` with one sentence for a project that does not say which Pythons.
    """
    folders = find_projects(root)
    return [
        {"service": project, "python": python}
        for project in projects
        for python in _pythons(root, folders[project] / "pyproject.toml")
    ]


def _pythons(root: Path, pyproject: Path) -> list[str]:
    name = pyproject.relative_to(root).as_posix()
    try:
        return nox.project.python_versions(nox.project.load_toml(pyproject))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name} is not valid TOML, fix it: {error}.") from error
    except ValueError as error:
        classifier = '"Programming Language :: Python :: 3.11"'
        raise ValueError(
            f"{name} names no Python to test on: add {classifier} to its classifiers."
        ) from error


def planned(root: Path, sessions: Sequence[str], base: str = "") -> Plan:
    """Return what the changes since HEAD left `base` concern; all if they cannot be known."""
    projects = find_projects(root)
    every = Plan([*projects], [*sessions])
    if not base:
        return every
    try:
        concerned = [concern(root, path, every) for path in changed(root, base)]
    except GitError as error:
        print(f"Everything, as {base!r} cannot be compared with HEAD: {error}", file=sys.stderr)
        return every
    return Plan(
        [name for name in projects if any(name in plan.projects for plan in concerned)],
        [name for name in sessions if any(name in plan.sessions for plan in concerned)],
    )


def changed(root: Path, base: str) -> list[str]:
    """Return the files that differ between HEAD and where it left `base`, removed ones included.

    Raises `GitError` for a base that cannot be compared, and if there is no git.
    """
    names = ["--name-only", "-z", "--no-renames"]  # a rename is a change on both sides
    return [*filter(None, git(root, "diff", *names, f"{base}...HEAD", "--").split("\0"))]


def concern(root: Path, path: str, every: Plan) -> Plan:
    """Return what a change of this file can turn red."""
    lines = READERS_OF_ONE if (root / "pyproject.toml").is_file() else READERS
    readers = next((names for pattern, names in lines if re.fullmatch(pattern, path)), None)
    services = re.findall(r"^services/([^/]+)/", path)
    if readers is None or any(_is_no_service(root, name, every) for name in services):
        return every
    strangers = [name for name in every.sessions if name not in KNOWN]
    return Plan(services, [*readers.split(), *strangers])


def _is_no_service(root: Path, name: str, every: Plan) -> bool:
    """Return whether this folder of `services/` is none, nor a removed one: it may be shared."""
    return name not in every.projects and (root / "services" / name).exists()


def outputs(plan: Plan, include: Sequence[Mapping[str, str]]) -> str:
    """Return the lines for GitHub: what each job of ci.yml needs to know."""
    matrix = json.dumps({"include": include}, separators=(",", ":"))
    newest = max((job["python"] for job in include), key=_parts, default="")
    coverage = " ".join(f"coverage({project})" for project in plan.projects)
    return (
        f"matrix={matrix}\n"
        f"any={'true' if include else 'false'}\n"
        f"coverage={coverage}\n"
        f"python={newest}\n"
        f"sessions={' '.join(plan.sessions)}\n"
    )


def _parts(python: str) -> list[int]:
    return [int(part) for part in python.split(".")]


def main(root: Path, arguments: Sequence[str]) -> str | None:
    """Print the plan, and hand it to the jobs that follow; return the reason to fail."""
    sessions, *bases = arguments
    if len(bases) > 1 or any(each.startswith("-") for each in bases):
        return "Name one commit to compare with, or none: nox -s matrix -- <base>."
    plan = planned(root, sessions.split(), *bases)
    try:
        lines = outputs(plan, jobs(root, plan.projects))
    except ValueError as error:
        return str(error)
    print(lines, end="")
    if page := os.environ.get("GITHUB_OUTPUT"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(lines)
    return None


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), sys.argv[1:]))

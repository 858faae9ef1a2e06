"""Prints the jobs for GitHub Actions: each service on each Python that its classifiers name.

    python matrix.py [<base>]

With a base, only the services that changed since HEAD left it: all of them when a file that they
share has changed, or when git cannot tell. Works on the repository in the current folder.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import nox.project


def jobs(root: Path, services: Iterable[str]) -> list[dict[str, str]]:
    """A job for each service and Python.

    Raises `ValueError` with one sentence for a service that does not say which Pythons.
    """
    return [
        {"service": service, "python": python}
        for service in services
        for python in _pythons(root, f"services/{service}/pyproject.toml")
    ]


def _pythons(root: Path, pyproject: str) -> list[str]:
    try:
        return nox.project.python_versions(nox.project.load_toml(root / pyproject))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{pyproject} is not valid TOML, mend it: {error}.") from error
    except ValueError as error:
        classifier = '"Programming Language :: Python :: 3.11"'
        raise ValueError(
            f"{pyproject} names no Python to test on: add {classifier} to its classifiers."
        ) from error


def selected(root: Path, base: str) -> list[str]:
    """The services that changed since HEAD left `base`; all if there is no base, or no telling."""
    services = sorted(path.parent.name for path in root.glob("services/*/pyproject.toml"))
    if not base:
        return services
    try:
        concerned = {name for path in changed(root, base) for name in _concerned(path, services)}
    except (OSError, LookupError) as error:
        print(f"All services, as {base!r} cannot be compared with HEAD: {error}", file=sys.stderr)
        return services
    return sorted(concerned)


def changed(root: Path, base: str) -> list[PurePosixPath]:
    """The files that differ between HEAD and the commit where it left `base`, gone ones included.

    Raises `LookupError` for a base that git cannot compare, `OSError` if there is no git.
    """
    names = ["--name-only", "-z", "--no-renames"]  # a rename is a change on both sides
    found = subprocess.run(
        ["git", "diff", *names, f"{base}...HEAD", "--"],
        cwd=root,
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
    )
    if found.returncode:
        raise LookupError(found.stderr.strip())
    return [PurePosixPath(name) for name in found.stdout.split("\0") if name]


def _concerned(path: PurePosixPath, services: Iterable[str]) -> set[str]:
    """The services whose gates a change of this file can turn red: its own, none, or all."""
    match path.parts:
        case ("services", service, _, *_):
            return {service} & set(services)
        case ("docs", *_):
            return set()
        case (name,) if name.endswith(".md"):
            return set()
        case _:
            return set(services)


def main(root: Path, arguments: list[str]) -> str | None:
    """Print the jobs, and hand them to the jobs that follow; gives the reason to fail."""
    if len(arguments) > 1 or any(each.startswith("-") for each in arguments):
        return "Name one commit to compare with, or none: nox -s matrix -- <base>."
    try:
        include = jobs(root, selected(root, *arguments or [""]))
    except ValueError as error:
        return str(error)
    matrix = json.dumps({"include": include}, separators=(",", ":"))
    lines = f"matrix={matrix}\nany={'true' if include else 'false'}\n"
    print(lines, end="")
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(lines)
    return None


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), sys.argv[1:]))

"""Copies of this repository in which tests may do what they like."""

import shutil
import subprocess
from pathlib import Path

from gates.render import ROOT


def copy_repository(target: Path) -> Path:
    """Copy what git would carry, committed or not, into the new folder `target`.

    Whole services that git does not know stay out: they are what somebody has just rendered.
    """
    tracked = _listed("--cached")
    known = {"", *map(_service_of, tracked)}
    for name in [*tracked, *_listed("--others", "--exclude-standard")]:
        source = ROOT / name
        if source.exists() and _service_of(name) in known:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    return target


def _listed(*which: str) -> list[str]:
    command = ["git", "ls-files", "-z", *which]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [*filter(None, found.split("\0"))]


def _service_of(name: str) -> str:
    """The folder of the service that a file is part of, or an empty name."""
    top, _, rest = name.partition("/")
    return rest.partition("/")[0] if top == "services" else ""

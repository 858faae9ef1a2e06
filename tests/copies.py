"""Copies of this repository in which tests may do what they like."""

import shutil
import subprocess
from pathlib import Path

from gates.render import ROOT


def copy_repository(target: Path) -> Path:
    """Copy what git would carry, committed or not, into the new folder `target`."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, found.split("\0")):
        source = ROOT / name
        if source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    return target

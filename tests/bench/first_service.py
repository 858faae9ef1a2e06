"""From a fresh clone to the first service with all gates passed, by the README's first command.

The first time, the caches of pip and uv are empty, and both download; the second time, in another
clone, they are full. Only the caches are new: an own HOME would also hide which package index the
machine is configured to use.
"""

import shutil
import sys
from pathlib import Path
from time import perf_counter
from typing import Final

from copies import copy_repository
from docs.markdown import blocks

from .commands import run, variables
from .table import Row
from .workbench import Workbench

MEGABYTE: Final = 1000**2
TIMEOUT: Final = 900  # seconds of one command: the index or the machine may be slow


def rows(bench: Workbench) -> list[Row]:
    """Seconds, each once."""
    caches = bench.folder / "caches"
    env = variables(
        PIP_CACHE_DIR=caches / "pip", UV_CACHE_DIR=caches / "uv", XDG_CACHE_HOME=caches / "others"
    )
    clone = bench.folder / "plumbline"
    cold, _ = _first_command(clone, env)
    shutil.rmtree(clone)
    size = sum(file.lstat().st_size for file in caches.rglob("*") if file.is_file())
    warm, last = _first_command(clone, env)
    next_one = _seconds(".venv/bin/nox -s new -- another", clone, env)
    what = "README's first command"
    return [
        Row(
            f"{what}, caches empty",
            cold,
            "s",
            note=f"once; with downloads, {size / MEGABYTE:.0f} MB in the caches after it",
        ),
        Row(f"{what}, caches full", warm, "s", f"{what}, caches empty", "once"),
        Row("nox -s new, the first in a fresh clone", last, "s", note="once", aim=10),
        Row("nox -s new, the next one", next_one, "s", note="once", aim=10),
    ]


def _first_command(clone: Path, env: dict[str, str]) -> tuple[float, float]:
    """Run it in a new clone; the seconds of the whole line, and of its last part, `nox -s new`."""
    copy_repository(clone)
    line = blocks(clone / "README.md", "sh")[0].strip()
    parts = line.replace("python3", sys.executable, 1).split(" && ")
    took = [_seconds(part, clone, env) for part in parts]
    return sum(took), took[-1]


def _seconds(command: str, folder: Path, env: dict[str, str]) -> float:
    started = perf_counter()
    run("sh", "-c", command, folder=folder, env=env, timeout=TIMEOUT)
    return perf_counter() - started

"""What the figures were taken with and on; neither host names nor paths."""

import json
import os
import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from uv import find_uv_bin

from .commands import run, variables
from .workbench import Workbench

LIBRARIES: Final = (
    "sqlalchemy",
    "aiosqlite",
    "fastapi",
    "uvicorn",
    "uvloop",
    "httptools",
    "pytest",
    "pytest-asyncio",
    "coverage",
)
GIBIBYTE: Final = 1024**3
ASK: Final = """
import importlib.metadata, json, platform, sqlite3, sys
found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
print(json.dumps(found | {name: importlib.metadata.version(name) for name in sys.argv[1:]}))
"""


def versions(bench: Workbench) -> str:
    """Of what the service runs on, and of the tools."""
    python = bench.programs / "python"
    found = json.loads(run(python, "-c", ASK, *LIBRARIES, folder=bench.folder, env=variables()))
    found |= {name: version(name) for name in ("copier", "nox")}
    uv = shutil.which("uv") or find_uv_bin()
    found["uv"] = run(uv, "--version", folder=bench.folder, env=variables()).split()[1]
    return ", ".join(f"{name} {number}" for name, number in found.items())


def machine() -> str:
    """Its system, processor, cores, memory, and how busy it was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIBIBYTE
    return (
        f"{platform.system()} on {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB;"
        f" load {os.getloadavg()[0]:.1f} at the start, {datetime.now(UTC):%Y-%m-%d}"
    )


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()

"""What a running service holds: memory, open files, and the size of SQLite's log of changes."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from ..sqlite import name_of
from .serving import Service

PROC: Final = Path("/proc")
MIB: Final = 1024**2
PAUSE: Final = 0.1  # seconds between two looks
WARM_UP: Final = 0.2  # of the time: pools, caches and the allocator fill


@dataclass(frozen=True)
class Vitals:
    """At one moment: resident memory and log of changes in bytes, and open files."""

    moment: float
    memory: int
    files: int
    wal: int


@dataclass
class Record:
    """All that was seen, in its order."""

    seen: list[Vitals] = field(default_factory=list, repr=False)

    @property
    def begin(self) -> Vitals:
        """After the warm-up."""
        first, last = self.seen[0].moment, self.seen[-1].moment
        warm = first + WARM_UP * (last - first)
        return next(vitals for vitals in self.seen if vitals.moment >= warm)

    @property
    def end(self) -> Vitals:
        """At the end."""
        return self.seen[-1]

    @property
    def most_wal(self) -> int:
        """The largest that the log of changes has ever been."""
        return max(vitals.wal for vitals in self.seen)

    @property
    def figures(self) -> dict[str, str]:
        """What it held, in words, as far as it could be seen."""
        begin, end = self.begin, self.end
        told = {
            "memory": f"{begin.memory / MIB:.1f} MiB after the warm-up, {end.memory / MIB:.1f} MiB",
            "open files": f"{begin.files} after the warm-up, {end.files}",
        }
        wal = {"largest WAL": f"{self.most_wal / MIB:.1f} MiB"}
        return (told if end.memory else {}) | (wal if self.most_wal else {})


@asynccontextmanager
async def watched(service: Service, url: str) -> AsyncIterator[Record]:
    """Look at a service on this database from time to time, until the block ends."""
    record = Record()

    def look() -> None:
        with suppress(OSError):  # it has ended, which its clients will tell
            record.seen.append(_vitals(service.process.pid, url))

    async def keep_looking() -> None:
        while True:
            look()
            await asyncio.sleep(PAUSE)

    looking = asyncio.create_task(keep_looking())
    try:
        yield record
        look()
    finally:
        looking.cancel()
        await asyncio.wait([looking])


def _has_proc() -> bool:
    return (PROC / "self" / "status").exists()


def need_proc() -> None:
    """Skip a test of memory and open files where nothing tells of another process's."""
    if not _has_proc():
        pytest.skip("this system has no /proc, which tells the memory and open files of a process")


def _vitals(pid: int, url: str) -> Vitals:
    memory = files = wal = 0
    if _has_proc():
        process = PROC / str(pid)
        status = (process / "status").read_text(encoding="utf-8")
        memory = sum(map(int, re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE))) * 1024
        files = len([*(process / "fd").iterdir()])
    if url.startswith("sqlite"):
        log = Path(f"{name_of(url)}-wal")
        wal = log.stat().st_size if log.exists() else 0
    return Vitals(monotonic(), memory, files, wal)

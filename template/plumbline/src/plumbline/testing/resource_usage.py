"""What a running service uses: memory, open files, and the size of SQLite's WAL."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from ..database.sqlite import display_name
from .serving import ServiceProcess

PROC: Final = Path("/proc")
MIB: Final = 1024**2


@dataclass(frozen=True)
class Sample:
    """Resident memory and WAL in bytes, and the number of open files; 0 where it is unknown."""

    memory: int
    files: int
    wal: int


@dataclass
class UsageHistory:
    """Samples of a service on the database at `url`; the first one is taken after the warm-up."""

    service: ServiceProcess
    url: str
    samples: list[Sample] = field(default_factory=list)

    def take_sample(self) -> None:
        """Add a sample."""
        self.samples.append(_sample(self.service.process.pid, self.url))

    @property
    def growth(self) -> Sample:
        """How much more the last sample has than the first."""
        first, last = self.samples[0], self.samples[-1]
        return Sample(last.memory - first.memory, last.files - first.files, last.wal - first.wal)

    @property
    def peak_wal(self) -> int:
        """The largest WAL, in bytes; SQLite keeps the file as large as it ever was."""
        return max(sample.wal for sample in self.samples)

    @property
    def figures(self) -> dict[str, str]:
        """What it used, in words, as far as that is known."""
        first, last = self.samples[0], self.samples[-1]
        usage = {
            "memory": f"{first.memory / MIB:.1f} MiB warmed up,"
            f" {last.memory / MIB:.1f} MiB at the end",
            "open files": f"{first.files} warmed up, {last.files} at the end",
        }
        wal = {"largest WAL": f"{self.peak_wal / MIB:.1f} MiB"}
        return (usage if last.memory else {}) | (wal if self.peak_wal else {})


def skip_without_proc() -> None:
    """Skip a test of memory and open files where the system does not show another process's."""
    if not _has_proc():
        pytest.skip("this system has no /proc, which shows the memory and open files of a process")


def _has_proc() -> bool:
    return (PROC / "self" / "status").exists()


def _sample(pid: int | None, url: str) -> Sample:
    memory = files = wal = 0
    if _has_proc():
        process = PROC / str(pid)
        status = (process / "status").read_text(encoding="utf-8")
        memory = sum(map(int, re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE))) * 1024
        files = len([*(process / "fd").iterdir()])
    if url.startswith("sqlite"):
        log = Path(f"{display_name(url)}-wal")
        wal = log.stat().st_size if log.exists() else 0
    return Sample(memory, files, wal)

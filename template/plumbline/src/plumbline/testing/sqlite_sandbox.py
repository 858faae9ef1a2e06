"""A migrated database file that is rewound in a tenth of a millisecond.

The migrations run once for each content of the files that shape the result; what they made is kept
as a template. Each run, and each worker of pytest-xdist, has one real file, which production's own
engines hold open. Before a test its contents are put back through SQLite's backup API: to every
open connection that is just one more transaction.
"""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from ..database.sqlite import PRAGMAS, WriterConnection, display_name
from .sandbox import POOL_TIMEOUT, AnyService, fingerprint, open_sessions

DAY: Final = 86_400  # seconds


def scratch_folder(package: str) -> Path:
    """Return a folder of this user's, in memory where possible: files there cost no fsync."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder below is the user's alone
    parent = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    folder = parent / f"{package}-tests-{owner}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def migrated_template(service: AnyService) -> Path:
    """Return the path of a read-only database at head; made if there is none yet."""
    folder = scratch_folder(service.package)
    template = folder / f"template-{fingerprint(service, sqlite3.sqlite_version, PRAGMAS)}.db"
    if not template.exists():
        from alembic import command  # noqa: PLC0415 - 0.1 s that most runs can save

        with tempfile.TemporaryDirectory(dir=folder) as building:
            path = Path(building, "new.db")
            command.upgrade(service.migrations.config(f"sqlite+aiosqlite:///{path}"), "head")
            path.replace(template)  # atomic: of two that build it at once, either will do
    os.utime(template)
    return template


def remove_leftovers(folder: Path) -> None:
    """Delete what killed runs left behind, and templates that were not used for a day."""
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime > time.time() - DAY:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        except FileNotFoundError:  # another worker removes it, too
            continue


@asynccontextmanager
async def empty_database(service: AnyService) -> AsyncIterator[str]:
    """Make a database without tables; give its URL."""
    with tempfile.TemporaryDirectory(dir=scratch_folder(service.package)) as folder:
        yield f"sqlite+aiosqlite:///{Path(folder, 'empty.db')}"


class SqliteSandbox:
    """One database file, production's `Database` on it, and the means to put its contents back."""

    def __init__(self, service: AnyService) -> None:
        scratch = scratch_folder(service.package)
        remove_leftovers(scratch)
        self._service = service
        self._template = migrated_template(service)
        self._pristine = sqlite3.connect(self._template, check_same_thread=False)
        self._folder = Path(tempfile.mkdtemp(dir=scratch))
        self._generation = 0
        self._open()

    def _open(self) -> None:
        self._generation += 1
        path = self._folder / f"{self._generation}.db"
        shutil.copyfile(self._template, path)
        self.url = f"sqlite+aiosqlite:///{path}"
        self.database = self._service.open_database(self.url, pool_timeout=POOL_TIMEOUT)
        self._side = sqlite3.connect(path, factory=WriterConnection, check_same_thread=False)
        self._side.execute("PRAGMA busy_timeout=0")
        self._seen = self._commits()

    def _commits(self) -> int:
        """Return a number that changes when another connection has committed."""
        return int(self._side.execute("PRAGMA data_version").fetchone()[0])

    async def rewind(self) -> None:
        """Put the contents back, schema included; free when nothing was committed since."""
        if self._commits() != self._seen:
            self._pristine.backup(self._side)
            self._seen = self._commits()

    async def leftovers(self) -> list[str]:
        """Return what a test has left behind: sessions in use, and the write lock."""
        return open_sessions(self.database) + ["a held write lock"] * self._is_locked()

    def _is_locked(self) -> bool:
        try:
            self._side.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        self._side.execute("ROLLBACK")
        return False

    async def replace(self) -> None:
        """Abandon the file to whatever still holds it, and go on with a new one."""
        await self.database.close()
        self._side.close()
        await asyncio.to_thread(self._open)

    @asynccontextmanager
    async def another(self) -> AsyncIterator[str]:
        """Make one more database at head; give its URL."""
        async with empty_database(self._service) as url:
            shutil.copyfile(self._template, display_name(url))
            yield url

    async def close(self) -> None:
        """Close all connections and delete the file."""
        await self.database.close()
        self._side.close()
        self._pristine.close()
        shutil.rmtree(self._folder, ignore_errors=True)

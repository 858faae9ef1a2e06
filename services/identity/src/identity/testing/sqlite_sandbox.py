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

from ..database import Database
from ..revisions import migration_config
from ..sqlite import PRAGMAS, WriterConnection, name_of
from .sandbox import PACKAGE, PATIENCE, fingerprint, open_sessions

DAY: Final = 86_400  # seconds


def scratch_folder() -> Path:
    """A folder of this user's, in memory where the system offers it: files there cost no fsync."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder below is the user's alone
    parent = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    folder = parent / f"{PACKAGE.name}-tests-{owner}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def migrated_template() -> Path:
    """The path of a database at head, which nobody may change; made if there is none yet."""
    folder = scratch_folder()
    template = folder / f"template-{fingerprint(sqlite3.sqlite_version, PRAGMAS)}.db"
    if not template.exists():
        from alembic import command  # noqa: PLC0415 - 0.1 s that most runs can save

        with tempfile.TemporaryDirectory(dir=folder) as building:
            path = Path(building, "new.db")
            command.upgrade(migration_config(f"sqlite+aiosqlite:///{path}"), "head")
            path.replace(template)  # atomic: of two that build it at once, either will do
    os.utime(template)
    return template


def remove_leftovers() -> None:
    """Delete what killed runs left behind, and templates that nobody has used for a day."""
    for path in scratch_folder().iterdir():
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
async def empty_database() -> AsyncIterator[str]:
    """The URL of a database that has no table yet."""
    with tempfile.TemporaryDirectory(dir=scratch_folder()) as folder:
        yield f"sqlite+aiosqlite:///{Path(folder, 'empty.db')}"


class SqliteSandbox:
    """One database file, production's `Database` on it, and the means to put its contents back."""

    def __init__(self) -> None:
        remove_leftovers()
        self._template = migrated_template()
        self._pristine = sqlite3.connect(self._template, check_same_thread=False)
        self._folder = Path(tempfile.mkdtemp(dir=scratch_folder()))
        self._generation = 0
        self._open()

    def _open(self) -> None:
        self._generation += 1
        path = self._folder / f"{self._generation}.db"
        shutil.copyfile(self._template, path)
        self.url = f"sqlite+aiosqlite:///{path}"
        self.database = Database(self.url, patience=PATIENCE)
        self._side = sqlite3.connect(path, factory=WriterConnection, check_same_thread=False)
        self._side.execute("PRAGMA busy_timeout=0")
        self._seen = self._commits()

    def _commits(self) -> int:
        """A number that moves when another connection has committed."""
        return int(self._side.execute("PRAGMA data_version").fetchone()[0])

    async def rewind(self) -> None:
        """Put the contents back, schema included; free when nothing was committed since."""
        if self._commits() != self._seen:
            self._pristine.backup(self._side)
            self._seen = self._commits()

    async def leftovers(self) -> list[str]:
        """What a test has left behind, in words: sessions in use, and the write lock."""
        return open_sessions(self.database) + ["a held write lock"] * self._is_locked()

    def _is_locked(self) -> bool:
        try:
            self._side.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        self._side.execute("ROLLBACK")
        return False

    async def replace(self) -> None:
        """Leave the file to whoever still holds it, and go on with a new one."""
        await self.database.close()
        self._side.close()
        await asyncio.to_thread(self._open)

    @asynccontextmanager
    async def another(self) -> AsyncIterator[str]:
        """The URL of a database of its own, at head as well."""
        async with empty_database() as url:
            shutil.copyfile(self._template, name_of(url))
            yield url

    async def close(self) -> None:
        """Close all connections and delete the file."""
        await self.database.close()
        self._side.close()
        self._pristine.close()
        shutil.rmtree(self._folder, ignore_errors=True)

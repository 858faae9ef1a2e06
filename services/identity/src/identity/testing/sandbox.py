"""What each test has for itself: production's database object, its contents those of a new one.

The migrations run once for each content of the files that shape the result; what they made is kept
as a template. Each run, and each worker of pytest-xdist, has one database made from it, which
production's own engines hold open. Before a test its contents are put back.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy.pool import QueuePool

from ..database import Database
from ..revisions import MIGRATIONS

EmptyDatabase = Callable[[], AbstractAsyncContextManager[str]]
"""The type of the fixture `empty_database`: makes a database without tables, and gives its URL."""

PACKAGE: Final = Path(__file__).parents[1]
PATIENCE: Final = 5.0  # seconds: a test that waits this long for a connection waits for itself


class Sandbox(Protocol):
    """The database of a run, whichever kind it is."""

    database: Database

    async def rewind(self) -> None:
        """Put the contents back, schema included."""

    async def leftovers(self) -> list[str]:
        """What a test has left behind, in words."""

    async def replace(self) -> None:
        """Leave the database to whoever still uses it, and go on with a new one."""

    def another(self) -> AbstractAsyncContextManager[str]:
        """The URL of a database of its own, at head as well."""

    async def close(self) -> None:
        """Close all connections, and delete the database."""


def fingerprint(*more: object) -> str:
    """Changes when anything does that could make the migrations end in another database."""
    digest = hashlib.sha256(f"{more} {PACKAGE}".encode())
    for path in [*sorted(MIGRATIONS.rglob("*.py")), *sorted(PACKAGE.glob("*.py"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def open_sessions(database: Database) -> list[str]:
    """Tells of sessions in use."""
    pools = {engine.pool for engine in (database.writer, database.reader)}
    used = sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool))
    return [f"{used} open session(s)"] * bool(used)

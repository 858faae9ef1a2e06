"""The database of a test run: production's object, with the contents of a new database.

The migrations run once for each content of the files that shape the result; what they made is kept
as a template. Each run, and each worker of pytest-xdist, has one database made from it, which
production's own engines hold open. Before a test its contents are put back: it is rewound.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy.pool import QueuePool

from .. import database as platform_database
from .. import migrate
from ..database.database import Database
from ..service import Service

AnyService = Service[Any]  # Any: the service's own settings

EmptyDatabase = Callable[[], AbstractAsyncContextManager[str]]
"""The type of the fixture `empty_database`: makes a database without tables, and gives its URL."""

Samples = Mapping[str, Mapping[str, Any]]
"""Values for columns, by table and column: {"orders": {"status": "open"}}."""

POOL_TIMEOUT: Final = 30.0  # seconds: a test that waits this long for a connection waits for itself


class Sandbox(Protocol):
    """The database of a run, whichever kind it is."""

    database: Database

    async def rewind(self) -> None:
        """Put the contents back, schema included."""

    async def leftovers(self) -> list[str]:
        """Return what a test has left behind, in words."""

    async def replace(self) -> None:
        """Abandon the database to whatever still uses it, and go on with a new one."""

    def another(self) -> AbstractAsyncContextManager[str]:
        """Make one more database at head; give its URL."""

    async def close(self) -> None:
        """Close all connections, and delete the database."""


def fingerprint(service: AnyService, *more: object) -> str:
    """Return a hash of all that could make the migrations end in another database."""
    options = service.settings.connection_options
    digest = hashlib.sha256(f"{more} {service.package} {options}".encode())
    own = service.migrations.folder
    ours = Path(str(platform_database.__file__)).parent
    files = [*sorted(own.rglob("*.py")), *sorted(ours.glob("*.py")), Path(migrate.__file__)]
    for path in files:
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def open_sessions(database: Database) -> list[str]:
    """Return a line about the sessions in use, if there are any."""
    pools = {engine.pool for engine in (database.writer, database.reader)}
    used = sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool))
    return [f"{used} open session(s)"] * bool(used)

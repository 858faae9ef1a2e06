"""A migrated PostgreSQL database that is rewound in one round trip.

TRUNCATE takes milliseconds whatever a table holds, as it makes new files; deleting a few rows takes
none. So a function in the database deletes, with foreign keys off, puts back what migrations had
inserted, and resets the sequences that moved. It returns false when the schema has changed: then
the database is replaced, which takes longer.

The server is named by `TEST_DATABASE_URL`, and its user must be a superuser.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, Self
from uuid import uuid4

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from ..database.database import Database
from .sandbox import POOL_TIMEOUT, AnyService, fingerprint, open_sessions

DAY: Final = 86_400  # seconds

TABLES: Final = """
    SELECT quote_ident(relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""

SEQUENCES: Final = """
    SELECT 'public.' || quote_ident(relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
"""

# What changes when a test alters the schema.
SHAPE: Final = """
    SELECT concat_ws(
        ' ', count(*), max(oid::bigint), sum(relnatts), sum(relchecks), sum(hashtext(relname))
    )
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""

REWIND: Final = """
    CREATE FUNCTION sandbox.rewind() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        IF ({shape}) <> '{now}' THEN RETURN false; END IF;
        PERFORM set_config('session_replication_role', 'replica', true);
        {steps}
        RETURN true;
    END $$
"""

OTHERS: Final = """
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""


# Of this service: databases without a connection, and templates of earlier days.
LEFT_BEHIND: Final = """
    SELECT datname, datistemplate FROM pg_database
    WHERE starts_with(datname, :package)
    AND datname NOT IN (SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL)
    AND split_part(datname, '-', 2) NOT IN (:yesterday, :today)
"""


class PostgresSandbox:
    """One database, production's `Database` on it, and the means to put its contents back."""

    database: Database
    _side: Any  # asyncpg's own connection

    def __init__(self, service: AnyService, server: str) -> None:
        """See `open`."""
        self._service = service
        self._prefix = f"{service.package}-"
        self._server = make_url(server)
        today = int(time.time() // DAY)
        self._days = {"yesterday": str(today - 1), "today": str(today)}
        self._template = f"{self._prefix}{today}-{fingerprint(service)}"

    @classmethod
    async def open(cls, service: AnyService, server: str) -> Self:
        """Open one on the server that this URL names, whatever its database."""
        sandbox = cls(service, server)
        async with _alone(service.package, sandbox._server) as admin:
            await sandbox._remove_leftovers(admin)
            await sandbox._make_template(admin)
        await sandbox._open()
        return sandbox

    async def _remove_leftovers(self, admin: AsyncConnection) -> None:
        found = await admin.execute(text(LEFT_BEHIND), {"package": self._prefix, **self._days})
        for name, is_template in found.all():
            if is_template:
                await admin.execute(text(f'ALTER DATABASE "{name}" IS_TEMPLATE false'))
            await admin.execute(text(f'DROP DATABASE "{name}"'))

    async def _make_template(self, admin: AsyncConnection) -> None:
        """Make a read-only database at head, if there is none yet."""
        there = text("SELECT datistemplate FROM pg_database WHERE datname = :name")
        if await admin.scalar(there, {"name": self._template}):
            return
        await admin.execute(text(f'DROP DATABASE IF EXISTS "{self._template}"'))
        await admin.execute(text(f'CREATE DATABASE "{self._template}"'))
        url = self._server.set(database=self._template)
        await asyncio.to_thread(_migrate, self._service, url)
        async with _engine(url).connect() as connection:
            await _install_rewind(connection)
        await admin.execute(text(f'ALTER DATABASE "{self._template}" IS_TEMPLATE true'))

    async def _open(self) -> None:
        self._opened = AsyncExitStack()
        made = _new_database(self._service.package, self._server, self._template)
        connection = await self._opened.enter_async_context(made)
        self._side = (await connection.get_raw_connection()).driver_connection  # without detours
        self.database = self._service.open_database(_url_of(connection), pool_timeout=POOL_TIMEOUT)

    async def rewind(self) -> None:
        """Put the contents back, schema included."""
        if not await self._side.fetchval("SELECT sandbox.rewind()"):
            await self.replace()

    async def leftovers(self) -> list[str]:
        """Return what a test has left behind: sessions in use, and transactions of others."""
        busy = await self._side.fetchval(f"SELECT count(*) {OTHERS} AND xact_start IS NOT NULL")
        return open_sessions(self.database) or [f"{busy} open transaction(s)"] * bool(busy)

    async def replace(self) -> None:
        """Abandon the database to whatever still uses it, and go on with a new one."""
        await self._discard()
        await self._open()

    async def _discard(self) -> None:
        await self._side.execute(f"SELECT pg_terminate_backend(pid, 1000) {OTHERS}")
        await self.database.close()
        await self._opened.aclose()

    @asynccontextmanager
    async def another(self) -> AsyncIterator[str]:
        """Make one more database at head; give its URL."""
        package, server = self._service.package, self._server
        async with _new_database(package, server, self._template) as connection:
            yield _url_of(connection)

    async def close(self) -> None:
        """Close all connections, and delete the database."""
        await self._discard()


@asynccontextmanager
async def empty_database(service: AnyService, server: str) -> AsyncIterator[str]:
    """Make a database without tables; give its URL."""
    async with _new_database(service.package, make_url(server), "template1") as connection:
        yield _url_of(connection)


@asynccontextmanager
async def _new_database(package: str, server: URL, template: str) -> AsyncIterator[AsyncConnection]:
    """Copy a database; give a connection to it, as without one it would count as left behind."""
    name = f"{package}-run-{uuid4().hex[:8]}"
    async with _alone(package, server) as admin:
        await admin.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        connection = await _engine(server.set(database=name)).connect()
    try:
        yield connection
    finally:
        await connection.close()
        async with _alone(package, server) as admin:
            await admin.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@asynccontextmanager
async def _alone(package: str, server: URL) -> AsyncIterator[AsyncConnection]:
    """Connect so that no other worker makes or removes databases of this service meanwhile."""
    async with _engine(server).connect() as admin:  # whose end is that of the lock
        await admin.execute(
            text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": f"{package}-"}
        )
        yield admin


def _url_of(connection: AsyncConnection) -> str:
    return connection.engine.url.render_as_string(hide_password=False)


def _engine(url: URL) -> AsyncEngine:
    return create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _migrate(service: AnyService, url: URL) -> None:
    from alembic import command  # noqa: PLC0415 - 0.1 s that most runs can save

    config = service.migrations.config(url.render_as_string(hide_password=False))
    command.upgrade(config, "head")


async def _install_rewind(connection: AsyncConnection) -> None:
    async def rows(query: str) -> list[Any]:  # Any: whatever the columns hold
        return list((await connection.execute(text(query))).all())

    await connection.execute(text("CREATE SCHEMA sandbox"))
    steps = []
    for (table,) in await rows(TABLES):
        steps.append(f"DELETE FROM public.{table};")
        if await rows(f"SELECT 1 FROM public.{table} LIMIT 1"):
            seeded = f"sandbox.{table}"
            await connection.execute(text(f"CREATE TABLE {seeded} AS TABLE public.{table}"))
            steps.append(f"INSERT INTO public.{table} OVERRIDING SYSTEM VALUE TABLE {seeded};")
    for (sequence,) in await rows(SEQUENCES):  # which even a rolled back insert moves
        ((last, called),) = await rows(f"SELECT last_value, is_called FROM {sequence}")
        steps.append(
            f"IF EXISTS (SELECT FROM {sequence}"
            f" WHERE (last_value, is_called) <> ({last}, {called}))"
            f" THEN PERFORM setval('{sequence}', {last}, {called}); END IF;"
        )
    ((now,),) = await rows(SHAPE)
    function = REWIND.format(shape=SHAPE, now=now, steps="\n        ".join(steps))
    await connection.exec_driver_sql(function)

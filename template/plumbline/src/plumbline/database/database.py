"""The one object through which a service reads and writes its data."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Self, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from ..errors import SerializationFailure, Unavailable
from .backend import backend_of
from .migrations import Migrations
from .options import ConnectionOptions

T = TypeVar("T")

ATTEMPTS: Final = 20  # each may lose against another process, but against none in this one


class Database:
    """A pool of connections that write, and a pool of connections that read.

    The application gets it from `create_app`, a test from its fixture: there is no global one.
    Constructing it connects to nothing.

    `migrations` is the schema's history that `check` compares with. `connections` counts all
    connections and is at least 2; a caller waits `pool_timeout` seconds for one, then
    `sqlalchemy.exc.TimeoutError` is raised. `options` are set on every connection. Raises
    `ValueError` for an unusable URL.
    """

    def __init__(
        self,
        url: str,
        migrations: Migrations | None = None,
        *,
        connections: int = 5,
        pool_timeout: float = 30.0,
        options: ConnectionOptions | None = None,
    ) -> None:
        backend = backend_of(url)
        self.url = url
        self.name = backend.display_name(url)
        self.writer, self.reader = backend.engines(
            url, connections, pool_timeout, options or ConnectionOptions()
        )
        self._migrations = migrations
        self._writing = async_sessionmaker(self.writer, expire_on_commit=False)
        self._reading = async_sessionmaker(self.reader, expire_on_commit=False)
        self._turn = asyncio.Lock()
        self._turn_owner: asyncio.Task[Any] | None = None  # Any: whatever it returns

    @property
    def version(self) -> str:
        """The version of SQLite or of the server; empty until something has connected."""
        return ".".join(map(str, self.writer.dialect.server_version_info or ()))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a session on one consistent snapshot; a write raises."""
        async with self._reading() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a serializable write transaction.

        It commits at the end of the block and rolls back on any exception. SQLite: takes the write
        lock at the first statement. PostgreSQL: may raise `SerializationFailure`; see
        `retry_on_conflict`. Do not nest it within one task: the inner one would wait for the outer.
        """
        async with self._writing.begin() as session:
            yield session

    async def retry_on_conflict(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work`, retrying on serialization failure; return its result.

        `work` must have no effect outside its write transaction. Retries take turns, as
        transactions that refused each other would do so again. May be nested, for a part that
        need not restart the whole. Raises `SerializationFailure` when all attempts failed.
        """
        try:
            return await work()
        except SerializationFailure:
            pass
        async with self._own_turn():
            for attempt in range(ATTEMPTS):
                try:
                    return await work()
                except SerializationFailure:
                    await asyncio.sleep(random.uniform(0, 0.002 * attempt))  # noqa: S311 - a pause
            return await work()

    @asynccontextmanager
    async def _own_turn(self) -> AsyncIterator[None]:
        if self._turn_owner is asyncio.current_task():  # an outer retry holds the lock
            yield
            return
        async with self._turn:
            self._turn_owner = asyncio.current_task()
            try:
                yield
            finally:
                self._turn_owner = None

    async def check(self, *, writable: bool = False) -> None:
        """Raise `Unavailable` unless it can be read, is at the head revision, and is `writable`."""
        known = None
        if (migrations := self._migrations) is not None:
            known = await asyncio.to_thread(lambda: migrations.revisions)  # at first, reads files
        async with self.write() if writable else self.read() as session:
            found = await _revision(session)
        if known is not None:
            _require_head(found, known, self.name)

    async def close(self) -> None:
        """Close every connection; a SQLite file is then complete without its WAL."""
        await self.reader.dispose()
        await self.writer.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _revision(session: AsyncSession) -> str | None:
    try:
        found = await session.scalar(text("SELECT version_num FROM alembic_version"))
    except (OperationalError, ProgrammingError):  # no such table
        return None
    return str(found)


def _require_head(found: str | None, known: tuple[str, ...], name: str) -> None:
    head, *older = known
    if found == head:
        return
    if found is None or found in older:
        state, hint = f"at revision {found}", "run `alembic upgrade head`"
    else:
        state, hint = f"at the unknown revision {found}", "deploy the release that made it"
    message = f"The database {name} is {state}, this code needs {head}: {hint}."
    raise Unavailable(message)

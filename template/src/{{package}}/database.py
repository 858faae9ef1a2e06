"""The one object through which the service reads and writes its data."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from .errors import Unavailable
from .revisions import known_revisions
from .sqlite import checking_engine, database_path, reader_engine, writer_engine


class Database:
    """One writer connection and a pool of readers on one file.

    The application gets it from `create_app`, a test from its fixture: there is no global one.
    Making it connects to nothing.

    `readers` is the number of reading connections; `patience` the seconds that a caller waits
    for one before `sqlalchemy.exc.TimeoutError` is raised.
    """

    def __init__(self, url: str, *, readers: int = 4, patience: float = 30.0) -> None:
        self.url = url
        self.path = database_path(url)
        self.writer = writer_engine(url, patience)
        self.reader = reader_engine(url, patience, readers)
        self._writing = async_sessionmaker(self.writer, expire_on_commit=False)
        self._reading = async_sessionmaker(self.reader, expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One consistent snapshot; a write raises."""
        async with self._reading.begin() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction, which holds the write lock from its first statement on.

        It is committed at the end of the block, and rolled back on any exception.
        Not to be nested in one task: the inner one would wait for the outer one.
        """
        async with self._writing.begin() as session:
            yield session

    async def check(self) -> None:
        """Raise `Unavailable` unless the file can be read and its migrations are at head."""
        await asyncio.to_thread(known_revisions)  # the first call reads files
        async with self.read() as session:
            _require_head(await session.run_sync(_revision), self.path)

    async def close(self) -> None:
        """Close every connection; the file is then complete without its WAL."""
        await self.reader.dispose()
        await self.writer.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def check_file(url: str) -> None:
    """Raise `Unavailable` unless the database can be read and written, with migrations at head.

    Synchronous: for the start of a process, before anything else has it open.
    """
    engine = checking_engine(url)
    with engine.begin() as connection:
        _require_head(_revision(connection), database_path(url))


def _revision(connection: Connection | Session) -> str | None:
    try:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except OperationalError:  # no such table
        return None
    return str(found)


def _require_head(found: str | None, path: str) -> None:
    head, *older = known_revisions()
    if found == head:
        return
    if found is None or found in older:
        state, mend = f"at revision {found}", "run `alembic upgrade head`"
    else:
        state, mend = f"at the unknown revision {found}", "deploy the release that made it"
    message = f"The database {path} is {state}, this code needs {head}: {mend}."
    raise Unavailable(message)

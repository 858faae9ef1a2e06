"""The one object through which the service reads and writes its data."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Self, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from .backends import backend_of
from .errors import TryAgain, Unavailable
from .revisions import known_revisions

T = TypeVar("T")

ATTEMPTS: Final = 20  # each may lose against another process, but against none in this one


class Database:
    """A pool of connections that write, and one of those that read.

    The application gets it from `create_app`, a test from its fixture: there is no global one.
    Making it connects to nothing.

    `connections` is the number of all, at least 2; `patience` the seconds that a caller waits for
    one before `sqlalchemy.exc.TimeoutError` is raised. Raises `ValueError` for an unusable URL.
    """

    def __init__(self, url: str, *, connections: int = 5, patience: float = 30.0) -> None:
        backend = backend_of(url)
        self.url = url
        self.name = backend.name_of(url)
        self.writer, self.reader = backend.engines(url, connections, patience)
        self._writing = async_sessionmaker(self.writer, expire_on_commit=False)
        self._reading = async_sessionmaker(self.reader, expire_on_commit=False)
        self._turn = asyncio.Lock()
        self._whose_turn: asyncio.Task[Any] | None = None  # Any: whatever it does

    @property
    def version(self) -> str:
        """That of SQLite or of the server; empty until something has connected."""
        return ".".join(map(str, self.writer.dialect.server_version_info or ()))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One consistent snapshot; a write raises."""
        async with self._reading() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction, as if it were alone: what it reads stays true until it is committed.

        It is committed at the end of the block, and rolled back on any exception. Where that makes
        it wait, on SQLite, the lock is held from its first statement on; where it does not, on
        PostgreSQL, it may end with `TryAgain`: see `repeat`. Not to be nested in one task: the
        inner one would wait for the outer one.
        """
        async with self._writing.begin() as session:
            yield session

    async def repeat(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what may raise `TryAgain`, as often as it takes; gives its result.

        `work` must do nothing but what `write` undoes. Whoever was refused waits for a turn: those
        that were refused for each other's sake would be again. It may stand within another one, for
        a part of the work that need not begin anew with the whole. Raises `TryAgain` in the end.
        """
        try:
            return await work()
        except TryAgain:
            pass
        async with self._own_turn():
            for attempt in range(ATTEMPTS):
                try:
                    return await work()
                except TryAgain:
                    await asyncio.sleep(random.uniform(0, 0.002 * attempt))  # noqa: S311 - a pause
            return await work()

    @asynccontextmanager
    async def _own_turn(self) -> AsyncIterator[None]:
        if self._whose_turn is asyncio.current_task():  # an outer `repeat` would be waited for
            yield
            return
        async with self._turn:
            self._whose_turn = asyncio.current_task()
            try:
                yield
            finally:
                self._whose_turn = None

    async def check(self, *, writable: bool = False) -> None:
        """Raise `Unavailable` unless it can be read, with migrations at head, and even written."""
        await asyncio.to_thread(known_revisions)  # the first call reads files
        async with self.write() if writable else self.read() as session:
            _require_head(await _revision(session), self.name)

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


def _require_head(found: str | None, name: str) -> None:
    head, *older = known_revisions()
    if found == head:
        return
    if found is None or found in older:
        state, mend = f"at revision {found}", "run `alembic upgrade head`"
    else:
        state, mend = f"at the unknown revision {found}", "deploy the release that made it"
    message = f"The database {name} is {state}, this code needs {head}: {mend}."
    raise Unavailable(message)

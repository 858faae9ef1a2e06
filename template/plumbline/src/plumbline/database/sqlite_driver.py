"""An aiosqlite connection with fewer thread round trips. Optional: without it the stock is used.

SQLAlchemy has a driver open a cursor, execute, fetch and close it, and each needs a round trip to
the connection's thread: longer than most statements take. Here a statement needs one, begins the
transaction if none is open, and returns its rows. A short query runs on the event loop: it is over
before the thread had woken up. If it turns out to be long, SQLite stops it, and the thread reruns
it.

It leans on names that are private to aiosqlite, `_conn` and `_execute`, as SQLAlchemy does.
"""

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic, sleep
from typing import Any, Final

import aiosqlite

STEPS: Final = 2_000  # of SQLite's virtual machine: about 100 rows, or a tenth of a millisecond
ROWS: Final = 1_000  # that come with the statement; more need another round trip
PAUSE: Final = 0.0002  # seconds; SQLite's own grow to 0.1, and a writer that pauses is overtaken
Work = Callable[[], object]
Row = sqlite3.Row


class Cursor(aiosqlite.Cursor):
    """One statement and its rows."""

    def __init__(self, connection: "Connection", cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._connection = connection
        self._rows: list[Row] = []
        self._has_more = False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "Cursor":
        """Run it, and fetch its first rows."""
        given = tuple(parameters or ())
        work = partial(self._fetch, lambda: self._cursor.execute(sql, given))
        await self._connection.run(work, may_change=not sql.startswith("SELECT"))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> "Cursor":
        """Run it with each of the parameters."""
        work = partial(self._fetch, lambda: self._cursor.executemany(sql, parameters))
        await self._connection.run(work, may_change=True)
        return self

    def _fetch(self, execute: Work) -> None:
        self._connection.begin()
        try:
            execute()
            self._note(self._cursor.fetchmany(ROWS))
        except sqlite3.Error:
            self._cursor.close()  # or its statement would keep the lock when the connection closes
            self._cursor = self._cursor.connection.cursor()
            raise

    def _note(self, rows: list[Row]) -> None:
        self._rows, self._has_more = rows, len(rows) == ROWS

    async def fetchall(self) -> list[Row]:
        """All rows that are left."""
        rows = [*self._rows, *(await super().fetchall() if self._has_more else [])]
        self._note([])
        return rows

    async def fetchmany(self, size: int | None = None) -> list[Row]:
        """The next rows, at most `size`."""
        size = size or self.arraysize
        if not self._rows and self._has_more:
            self._note([*await super().fetchmany(ROWS)])
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    async def fetchone(self) -> Row | None:
        """The next row, if there is one."""
        return next(iter(await self.fetchmany(1)), None)

    async def close(self) -> None:
        """Give up the rows that are left."""
        self._rows = []
        if self._has_more:
            await super().close()


class Connection(aiosqlite.Connection):
    """A connection that begins its transactions with the statement `begin`."""

    def __init__(self, open_: Callable[[], sqlite3.Connection], begin: str) -> None:
        super().__init__(partial(self._take_over, open_), iter_chunk_size=64)
        self._begin = begin
        self._has_changed = False
        self.sent = 0  # to the thread; only the loop counts here
        self._done = 0  # by the thread; only the thread counts here

    def _take_over(self, open_: Callable[[], sqlite3.Connection]) -> sqlite3.Connection:
        """Wait for locks in `_patiently` instead of in SQLite, which would stop the loop."""
        raw = open_()
        self._patience = raw.execute("PRAGMA busy_timeout").fetchone()[0] / 1000
        raw.execute("PRAGMA busy_timeout=0")
        return raw

    def cursor(self) -> Cursor:  # type: ignore[override]  # aiosqlite's takes a way to the thread
        """A new one; SQLAlchemy asks for one for each statement."""
        return Cursor(self, self._conn.cursor())

    def begin(self) -> None:
        """Begin a transaction unless one is open."""
        if not self._conn.in_transaction:
            self._conn.execute(self._begin)

    async def run(self, work: Work, *, may_change: bool) -> None:
        """Do it at once or in the thread.

        What may change something is none for the loop: a commit waits for the disk, and a change
        that SQLite stops takes the whole transaction with it.
        """
        self._has_changed |= may_change
        if may_change or not self._has_done_at_once(work):
            await self._execute(self._patiently, work)

    def _has_done_at_once(self, work: Work) -> bool:
        if self.is_busy():
            return False
        self._conn.set_progress_handler(lambda: True, STEPS)
        try:
            work()
        except sqlite3.OperationalError as error:
            if _is(error, "SQLITE_BUSY", "SQLITE_INTERRUPT"):
                return False
            raise
        finally:
            self._conn.set_progress_handler(None, 0)
        return True

    def is_busy(self) -> bool:
        """Whether the thread has something to do, be it for a task that was cancelled."""
        return self.sent != self._done

    def _patiently(self, work: Work) -> None:
        end = monotonic() + self._patience
        while True:
            try:
                work()
            except sqlite3.OperationalError as error:
                if not _is(error, "SQLITE_BUSY") or monotonic() > end:
                    raise
            else:
                return
            sleep(PAUSE)

    async def commit(self) -> None:
        """End the transaction, if there is one."""
        await self._end(self._conn.commit)

    async def rollback(self) -> None:
        """End the transaction, if there is one, as if it had never been."""
        await self._end(self._conn.rollback)

    async def _end(self, how: Callable[[], None]) -> None:
        if self._has_changed or self.is_busy():
            await self._execute(how)
        else:
            how()
        self._has_changed = False

    async def _execute(self, fn: Callable[..., object], *args: Any, **kwargs: Any) -> object:
        self.sent += 1
        call = partial(fn, *args, **kwargs)
        return await super()._execute(self._count, call)  # type: ignore[no-untyped-call]  # theirs

    def _count(self, fn: Work) -> object:
        try:
            return fn()
        finally:
            self._done += 1


def _is(error: sqlite3.Error, *names: str) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(names)

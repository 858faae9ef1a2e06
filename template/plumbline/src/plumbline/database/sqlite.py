"""Opens every SQLite connection: of the application, the migrations and the tests."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import aiosqlite
from sqlalchemy import URL, Connection, Engine, ExceptionContext, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from ..errors import Conflict, Invalid, Unavailable
from .options import ConnectionOptions

Driver = Callable[[Callable[[], sqlite3.Connection]], aiosqlite.Connection]

try:
    from .sqlite_driver import Connection as FasterConnection
except ImportError:  # pragma: no cover - only without that file
    FASTER: Callable[..., aiosqlite.Connection] | None = None
else:
    FASTER = FasterConnection

PRAGMAS: Final[dict[str, int | str]] = {
    "busy_timeout": 10_000,  # milliseconds that a writer waits for one in another process
    "journal_mode": "wal",  # readers and the writer do not block each other
    "synchronous": 1,  # NORMAL: with WAL, a killed process loses no commit
    "foreign_keys": 1,
    "temp_store": 2,
    "journal_size_limit": 64 * 1024**2,
}

HINTS: Final = {
    "SQLITE_CANTOPEN": "cannot be opened: create its folder and run `alembic upgrade head`,"
    " or correct the database URL",
    "SQLITE_READONLY": "is read-only: let this process write to the file and to its folder",
    "SQLITE_NOTADB": "is no SQLite database: restore it from a backup, or correct the database URL",
    "SQLITE_CORRUPT": "is damaged: restore it from a backup",
    "SQLITE_FULL": "is on a full disk: free some space",
    "SQLITE_IOERR": "is on a failing disk: check the disk, or free some space",
    "SQLITE_BUSY": "is locked by another process: find out which one keeps it",
}


class WriterConnection(sqlite3.Connection):
    """A connection as production uses it; `BEGIN` is ours, not the driver's."""

    def __init__(
        self,
        *args: Any,  # sqlite3's own signature, as below
        pragmas: Mapping[str, int | str] = PRAGMAS,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs | {"isolation_level": None})
        try:
            for name, value in pragmas.items():
                self.execute(f"PRAGMA {name}={value}")
        except sqlite3.Error:
            self.close()  # the caller cannot: it gets no connection
            raise


class ReaderConnection(WriterConnection):
    """The same, but every write is refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: sqlite3's own signature
        super().__init__(*args, **kwargs)
        self.execute("PRAGMA query_only=1")


def display_name(url: str) -> str:
    """Return the path of the file.

    Raises `ValueError` for a database in memory, which has neither WAL nor a second connection.
    """
    path = make_url(url).database
    if path in {None, "", ":memory:"}:
        message = "expected a database in a file"
        raise ValueError(message)
    return str(path)


def multiprocess_warning() -> str | None:
    """Return a warning if this release of SQLite is unsafe with several writing processes.

    The bug is rare; see "The WAL-Reset Bug" in https://sqlite.org/wal.html.
    """
    if sqlite3.sqlite_version_info >= (3, 51, 3):
        return None
    return (
        f"SQLite {sqlite3.sqlite_version} can damage a database that several processes write to:"
        " take 3.51.3 or newer, one process, or PostgreSQL."
    )


def engines(
    url: str, connections: int, pool_timeout: float, options: ConnectionOptions
) -> tuple[AsyncEngine, AsyncEngine]:
    """Return an engine with one connection, whose pool is the queue of writers, and a reading one.

    A write transaction begins with the lock; a read transaction sees one consistent snapshot.
    """
    pragmas = PRAGMAS | {**options.sqlite_pragmas}
    writer, reader = (
        partial(WriterConnection, pragmas=pragmas),
        partial(ReaderConnection, pragmas=pragmas),
    )
    return (
        _pooled(url, writer, "BEGIN IMMEDIATE", size=1, pool_timeout=pool_timeout),
        _pooled(url, reader, "BEGIN", size=connections - 1, pool_timeout=pool_timeout),
    )


def migration_engine(url: str, options: ConnectionOptions) -> AsyncEngine:
    """Return an engine with the same connections, unpooled; the only one that creates the file."""
    factory = partial(WriterConnection, pragmas=PRAGMAS | {**options.sqlite_pragmas})
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=display_name(url)),
        connect_args={"factory": factory, "async_creator_fn": partial(_open, _stock)},
        poolclass=NullPool,
        hide_parameters=True,  # keeps row contents out of the log
    )
    _translate_errors(engine.sync_engine, display_name(url))
    _begin(engine.sync_engine, "BEGIN IMMEDIATE")
    return engine


def before_migrations(connection: Connection) -> None:
    """Switch foreign keys off, which works outside a transaction only.

    SQLite alters a table by building a new one and dropping the old, and with foreign keys on
    that drop empties every table that refers to it.
    """
    connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")


@contextmanager
def migrating(connection: Connection) -> Iterator[None]:
    """Refuse the result if a key is left dangling."""
    yield
    dangling = connection.execute(text("PRAGMA foreign_key_check")).first()
    if dangling is not None:
        table, row, parent, _ = dangling
        message = f"row {row} of {table} would refer to a missing row of {parent}"
        raise Conflict(message)


def _stock(open_: Callable[[], sqlite3.Connection]) -> aiosqlite.Connection:
    return aiosqlite.Connection(open_, iter_chunk_size=64)


async def _open(
    driver: Driver,
    database: str,
    **options: Any,  # sqlite3's own
) -> aiosqlite.Connection:
    """Open the file before there is a thread for it.

    A thread whose connection cannot be opened ends after the error is raised, too late for a loop
    that ends with that error. And nothing else closes what is opened for a cancelled task.
    """
    options["check_same_thread"] = False
    connect = partial(sqlite3.connect, database, **options)
    opening = asyncio.ensure_future(asyncio.to_thread(connect))
    try:
        opened = await asyncio.shield(opening)
        connection = driver(lambda: opened)
        connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does: it keeps no process alive
        return await connection
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opening: asyncio.Future[sqlite3.Connection]) -> None:
    if not opening.cancelled() and not opening.exception():
        opening.result().close()


def _pooled(
    url: str,
    connection: Callable[..., sqlite3.Connection],
    begin: str,
    *,
    size: int,
    pool_timeout: float,
) -> AsyncEngine:
    path = display_name(url)
    driver: Driver = partial(FASTER, begin=begin) if FASTER else _stock
    engine = create_async_engine(
        URL.create(
            "sqlite+aiosqlite",
            database=f"file:{quote(path)}",
            query={"mode": "rw", "uri": "true"},  # which does not create it
        ),
        connect_args={"factory": connection, "async_creator_fn": partial(_open, driver)},
        pool_size=size,
        max_overflow=0,
        pool_timeout=pool_timeout,
        hide_parameters=True,  # keeps row contents out of the log
    )
    _translate_errors(engine.sync_engine, path)
    if driver is _stock:
        _begin(engine.sync_engine, begin)
    return engine


def _begin(engine: Engine, begin: str) -> None:
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", start)


def _translate_errors(engine: Engine, path: str) -> None:
    def translate(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, sqlite3.Error):
            _raise_domain_error(context.original_exception, path)
        if isinstance(context.original_exception, OverflowError):
            message = "A value cannot be stored: a number too large."
            raise Invalid(message) from context.original_exception

    event.listen(engine, "handle_error", translate)


def _raise_domain_error(error: sqlite3.Error, path: str) -> None:
    """Raise the domain error for a constraint that was violated, or for a broken database."""
    name = getattr(error, "sqlite_errorname", "")
    if name in {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}:
        columns = str(error).partition(": ")[2].split(", ")
        taken = " and ".join(column.rpartition(".")[2] for column in columns)
        raise Conflict(f"This {taken} is already taken.") from error
    if name == "SQLITE_CONSTRAINT_FOREIGNKEY":
        raise Conflict("This refers to something that is not there.") from error
    for prefix, hint in HINTS.items():
        if name.startswith(prefix):
            raise Unavailable(f"The database {path} {hint}.") from error

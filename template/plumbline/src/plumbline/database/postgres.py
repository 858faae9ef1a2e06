"""Opens every PostgreSQL connection: of the application, the migrations and the tests."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, ExceptionContext, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from ..errors import Conflict, Invalid, SerializationFailure, Unavailable
from .options import ConnectionOptions

# What was right behind SQLite's one writer stays right: what concurrent transactions do is what
# some order of them, one after the other, would have done; one that cannot keep to that is undone.
WRITING: Final = "SERIALIZABLE"
READING: Final = "REPEATABLE READ"  # one consistent snapshot, and never undone

SETTINGS: Final = {
    "application_name": "plumbline",  # as pg_stat_activity shows it; a service may set its own
    "lock_timeout": "10s",  # a writer waits for another one
    "idle_in_transaction_session_timeout": "60s",  # no lock is held for ever
}

# By the first characters of an SQLSTATE; the longest that fits counts.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
HINTS: Final = {
    "08": "is gone: see that it runs and can be reached",
    "25006": "is read-only: connect to the primary server, not to a standby",
    "28": "refuses the user: correct user and password in the database URL",
    "3D000": "is not there: create it, or correct the database URL",
    "53": "has no resources left: free some disk, memory or connections",
    "55P03": "is locked by another transaction: find out which one keeps it",
    "57": "is stopping, starting, or has ended this session: try again",
    "58": "is on a failing disk: check the disk",
    "XX": "is damaged: restore it from a backup",
}


def display_name(url: str) -> str:
    """Return database and host. Raises `ValueError` for a URL that names no database."""
    parsed = make_url(url)
    if not parsed.database:
        message = "expected the name of a database"
        raise ValueError(message)
    return f"{parsed.database} on {parsed.host or parsed.query.get('host', 'localhost')}"


def multiprocess_warning() -> None:
    """Return nothing: several processes are safe."""


def engines(
    url: str, connections: int, pool_timeout: float, options: ConnectionOptions
) -> tuple[AsyncEngine, AsyncEngine]:
    """Return a writing and a reading engine that share one pool."""
    engine = create_async_engine(
        url,
        isolation_level=WRITING,
        connect_args={
            "timeout": pool_timeout,
            "server_settings": SETTINGS | {**options.postgres_settings},
        },
        pool_size=connections,
        max_overflow=0,
        pool_timeout=pool_timeout,
        hide_parameters=True,  # keeps row contents out of the log
    )
    _translate_errors(engine.sync_engine, display_name(url))
    return engine, engine.execution_options(isolation_level=READING, postgresql_readonly=True)


def migration_engine(url: str, options: ConnectionOptions) -> AsyncEngine:
    """Return an engine whose connections wait for a lock as long as a migration has to."""
    settings = {"server_settings": dict(options.postgres_settings)}
    engine = create_async_engine(
        url, connect_args=settings, poolclass=NullPool, hide_parameters=True
    )
    _translate_errors(engine.sync_engine, display_name(url))
    return engine


def before_migrations(_: Connection) -> None:
    """Do nothing: all can be done within the transaction."""


@contextmanager
def migrating(connection: Connection) -> Iterator[None]:
    """Let another process that migrates the same database finish first."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('alembic'))"))
    yield


def _translate_errors(engine: Engine, name: str) -> None:
    def connect(
        dialect: Dialect, _: object, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> DBAPIConnection:  # Any: the driver's own
        try:
            return dialect.connect(*arguments, **options)
        except OSError as error:  # timeouts are such, too
            reason = str(error) or "no answer in time"
            message = f"The database {name} cannot be reached: {reason}."
            raise Unavailable(message) from error
        except Exception as error:
            _raise_domain_error(error, name)
            raise

    def translate(context: ExceptionContext) -> None:
        error = context.original_exception
        if not isinstance(error, Exception):  # a cancelled task ends its connection, too
            return
        _raise_domain_error(error, name)
        if context.is_disconnect:
            raise Unavailable(f"The database {name} {HINTS['08']}.") from error

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "handle_error", translate)


def _raise_domain_error(error: Exception, name: str) -> None:
    """Raise the domain error for a constraint that was violated, or for a broken database."""
    state = getattr(error, "sqlstate", None) or ""
    if state in {"40001", "40P01"}:  # serialization failure, deadlock
        raise SerializationFailure(str(error)) from error
    if state == "23505":
        found = re.match(r".*\((.+?)\)=\(", getattr(error, "detail", None) or "")
        taken = found[1].replace('"', "").replace(", ", " and ") if found else "value"
        raise Conflict(f"This {taken} is already taken.") from error
    if state == "23503":
        raise Conflict("This refers to something that is not there.") from error
    if state.startswith("22"):
        message = "A value cannot be stored: a text with a NUL in it, or a number too large."
        raise Invalid(message) from error
    for start in sorted(HINTS, key=len, reverse=True):
        if state.startswith(start):
            raise Unavailable(f"The database {name} {HINTS[start]}.") from error

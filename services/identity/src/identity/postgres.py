"""Every PostgreSQL connection of the service is opened here: application, migrations and tests."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, ExceptionContext, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from .errors import Conflict, Invalid, TryAgain, Unavailable

# What was right behind SQLite's one writer stays right: what concurrent transactions do is what
# some order of them, one after the other, would have done; one that cannot keep to that is undone.
WRITING: Final = "SERIALIZABLE"
READING: Final = "REPEATABLE READ"  # one consistent snapshot, and never undone

SETTINGS: Final = {
    "application_name": str(__package__),  # as pg_stat_activity shows it
    "lock_timeout": "10s",  # a writer waits for another one
    "idle_in_transaction_session_timeout": "60s",  # nobody keeps a lock for ever
}

# By the first characters of an SQLSTATE; the longest that fits counts.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
MENDS: Final = {
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


def name_of(url: str) -> str:
    """Database and host. Raises `ValueError` for a URL that does not name a database."""
    parsed = make_url(url)
    if not parsed.database:
        message = "expected the name of a database"
        raise ValueError(message)
    return f"{parsed.database} on {parsed.host or parsed.query.get('host', 'localhost')}"


def weakness() -> None:
    """Nothing is known."""


def engines(url: str, connections: int, patience: float) -> tuple[AsyncEngine, AsyncEngine]:
    """Both share one pool."""
    engine = create_async_engine(
        url,
        isolation_level=WRITING,
        connect_args={"timeout": patience, "server_settings": SETTINGS},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=patience,
        hide_parameters=True,  # what rows hold is not for the log
    )
    _govern(engine.sync_engine, name_of(url))
    return engine, engine.execution_options(isolation_level=READING, postgresql_readonly=True)


def migration_engine(url: str) -> AsyncEngine:
    """Connections that wait as long for a lock as a migration has to."""
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    _govern(engine.sync_engine, name_of(url))
    return engine


def before_migrations(_: Connection) -> None:
    """Nothing: all can be done within their transaction."""


@contextmanager
def migrating(connection: Connection) -> Iterator[None]:
    """Let another process that migrates the same database finish first."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('alembic'))"))
    yield


def _govern(engine: Engine, name: str) -> None:
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
            raise Unavailable(f"The database {name} {MENDS['08']}.") from error

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "handle_error", translate)


def _raise_domain_error(error: Exception, name: str) -> None:
    """Constraints decide, and this is the one place that says so in words of the domain."""
    state = getattr(error, "sqlstate", None) or ""
    if state in {"40001", "40P01"}:  # serialization failure, deadlock
        raise TryAgain(str(error)) from error
    if state == "23505":
        found = re.match(r".*\((.+?)\)=\(", getattr(error, "detail", None) or "")
        taken = found[1].replace('"', "").replace(", ", " and ") if found else "value"
        raise Conflict(f"This {taken} is already taken.") from error
    if state == "23503":
        raise Conflict("This refers to something that is not there.") from error
    if state.startswith("22"):
        message = "A value cannot be stored: a text with a NUL in it, or a number too large."
        raise Invalid(message) from error
    for start in sorted(MENDS, key=len, reverse=True):
        if state.startswith(start):
            raise Unavailable(f"The database {name} {MENDS[start]}.") from error

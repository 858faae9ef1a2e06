"""The supported databases; the scheme of a URL selects one."""

from contextlib import AbstractContextManager
from typing import Final, Protocol

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine

from . import postgres, sqlite
from .options import ConnectionOptions


class Backend(Protocol):
    """What differs between databases; `sqlite` and `postgres` implement it as modules."""

    def display_name(self, url: str) -> str:
        """Return the name for messages, without secrets.

        Raises `ValueError` for a URL that names no database.
        """

    def multiprocess_warning(self) -> str | None:
        """Return a warning if this backend is unsafe with several writing processes."""

    def engines(
        self, url: str, connections: int, pool_timeout: float, options: ConnectionOptions
    ) -> tuple[AsyncEngine, AsyncEngine]:
        """Return the writing and the reading engine; they raise domain errors where one fits."""

    def migration_engine(self, url: str, options: ConnectionOptions) -> AsyncEngine:
        """Return an engine without a pool that may change the schema."""

    def before_migrations(self, connection: Connection) -> None:
        """Prepare the connection, before the transaction of the migrations begins."""

    def migrating(self, connection: Connection) -> AbstractContextManager[None]:
        """Wrap the migrations inside their transaction. Raises `Conflict`."""


BACKENDS: Final[dict[str, Backend]] = {
    "sqlite+aiosqlite": sqlite,
    "postgresql+asyncpg": postgres,
}


def backend_of(url: str) -> Backend:
    """Return the backend for a database URL. Raises `ValueError` for an unusable URL."""
    try:
        backend = BACKENDS[make_url(url).drivername]
        backend.display_name(url)
    except (ArgumentError, KeyError, ValueError):
        message = (
            "expected sqlite+aiosqlite:///<file>, a database in a file,"
            " or postgresql+asyncpg://<user>:<password>@<host>/<database>"
        )
        raise ValueError(message) from None
    return backend

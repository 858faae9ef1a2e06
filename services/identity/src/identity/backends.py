"""The databases that the service can use; the scheme of a URL chooses."""

from contextlib import AbstractContextManager
from typing import Final, Protocol

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine

from . import postgres, sqlite


class Backend(Protocol):
    """What differs between them; `sqlite` and `postgres` are such modules."""

    def name_of(self, url: str) -> str:
        """What messages call the database, without secrets.

        Raises `ValueError` for a URL that names none.
        """

    def weakness(self) -> str | None:
        """What it cannot bear, in a sentence: processes that write at once."""

    def engines(
        self, url: str, connections: int, patience: float
    ) -> tuple[AsyncEngine, AsyncEngine]:
        """One whose transactions write, and one whose transactions only read.

        Their errors are those of the domain where it has a word for them.
        """

    def migration_engine(self, url: str) -> AsyncEngine:
        """One that may change the schema, and pools nothing."""

    def before_migrations(self, connection: Connection) -> None:
        """What is to be done before their transaction begins."""

    def migrating(self, connection: Connection) -> AbstractContextManager[None]:
        """What is to be done at the start and at the end of it. Raises `Conflict`."""


BACKENDS: Final[dict[str, Backend]] = {
    "sqlite+aiosqlite": sqlite,
    "postgresql+asyncpg": postgres,
}


def backend_of(url: str) -> Backend:
    """The one that a database URL is for. Raises `ValueError` when it is for none."""
    try:
        backend = BACKENDS[make_url(url).drivername]
        backend.name_of(url)
    except (ArgumentError, KeyError, ValueError):
        message = (
            "expected sqlite+aiosqlite:///<file>, a database in a file,"
            " or postgresql+asyncpg://<user>:<password>@<host>/<database>"
        )
        raise ValueError(message) from None
    return backend

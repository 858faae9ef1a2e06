"""What an endpoint asks for: a session that reads or writes, settings, and the page of a list.

`scope="function"` makes the transaction end before the response is sent. FastAPI's default ends
it afterwards: the client would read 201 although the commit may still fail.

They are all `async def`: FastAPI calls the others in a thread, which takes longer than they do.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.database import Database
from ..pagination import Cursor
from ..settings import ModuleSettings, Settings

S = TypeVar("S", bound=Settings | ModuleSettings)


async def get_database(connection: HTTPConnection) -> Database:
    """Return the database of the application; for WebSockets, too."""
    database = connection.app.state.database
    assert isinstance(database, Database)
    return database


def settings_of(kind: type[S]) -> Callable[[HTTPConnection], Awaitable[S]]:
    """Return a dependency that gives the settings of the service or of a module: for `Depends`."""

    async def get_settings(connection: HTTPConnection) -> S:
        state = connection.app.state
        found = state.settings if issubclass(kind, Settings) else state.module_settings[kind]
        assert isinstance(found, kind)
        return found

    return get_settings


CurrentDatabase = Annotated[Database, Depends(get_database)]
"""The database, for an endpoint that needs several transactions."""


async def _read(database: CurrentDatabase) -> AsyncIterator[AsyncSession]:
    async with database.read() as session:
        yield session


async def _write(database: CurrentDatabase) -> AsyncIterator[AsyncSession]:
    async with database.write() as session:
        yield session


ReadSession = Annotated[AsyncSession, Depends(_read, scope="function")]
"""A session on one consistent snapshot; a write raises."""

WriteSession = Annotated[AsyncSession, Depends(_write, scope="function")]
"""A write transaction, committed before the response is sent. A request may be retried."""

After = Annotated[Cursor | None, Query(alias="cursor", description="next_cursor of a page.")]
"""The query parameter `cursor`: where a page begins."""

Limit = Annotated[int, Query(ge=1, le=100, description="Length of the page.")]
"""The query parameter `limit`: 1 to 100 rows."""

"""What an endpoint asks for: a session that reads or writes, settings, and which page.

`scope="function"` makes the transaction end before the response is sent. FastAPI's default ends
it afterwards: the client would read 201 and a failing commit could not change that any more.

They are all `async def`: FastAPI calls the others in a thread, which takes longer than they do.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from .database import Database
from .pagination import Cursor
from .settings import ModuleSettings

S = TypeVar("S", bound=ModuleSettings)


async def get_database(connection: HTTPConnection) -> Database:
    """The database that this application was created with; for WebSockets, too."""
    database = connection.app.state.database
    assert isinstance(database, Database)
    return database


def settings_of(kind: type[S]) -> Callable[[HTTPConnection], Awaitable[S]]:
    """For `Depends`: the settings of a module, by its class for them."""

    async def get_settings(connection: HTTPConnection) -> S:
        found = connection.app.state.settings[kind]
        assert isinstance(found, kind)
        return found

    return get_settings


CurrentDatabase = Annotated[Database, Depends(get_database)]


async def _read(database: CurrentDatabase) -> AsyncIterator[AsyncSession]:
    async with database.read() as session:
        yield session


async def _write(database: CurrentDatabase) -> AsyncIterator[AsyncSession]:
    async with database.write() as session:
        yield session


ReadSession = Annotated[AsyncSession, Depends(_read, scope="function")]
WriteSession = Annotated[AsyncSession, Depends(_write, scope="function")]

After = Annotated[Cursor | None, Query(alias="cursor", description="next_cursor of a page.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Length of the page.")]

"""Finds whom a credential belongs to, by asking the module that keeps such credentials.

Sessions and API keys have routes that need a caller, who may have come with either. So neither can
be imported here: each says at the start that it knows its own.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from fastapi import FastAPI
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from ...dependencies import get_database
from ...errors import TryAgain
from ...orm import now
from .caller import Caller, Carrier, Found

NOTED_EVERY: Final = timedelta(minutes=1)  # a write for each request would cost more than the rest


class Credentials(Protocol):
    """The credentials of one kind, within the transaction of one session."""

    async def find(self, secret: str) -> Found | None:
        """Whose it is, if it is valid now."""

    async def note_use(self, key: UUID) -> None:
        """Remember that the one with this id is in use now, if it is still there."""


CredentialsIn = Callable[[FastAPI, AsyncSession], Credentials]


def recognises(
    carrier: Carrier,
    credentials_in: CredentialsIn,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The `lifespan` of a router whose module keeps the credentials of this kind."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.credentials = {**_known(app), carrier: credentials_in}
        yield

    return lifespan


def _known(app: FastAPI) -> dict[Carrier, CredentialsIn]:
    known: dict[Carrier, CredentialsIn] = getattr(app.state, "credentials", {})
    return known


async def verify(connection: HTTPConnection, carrier: Carrier, secret: str) -> Caller | None:
    """Whom a credential belongs to; None where it is not valid, or its module is not served."""
    app, database = connection.app, await get_database(connection)
    if (credentials_in := _known(app).get(carrier)) is None:
        return None
    async with database.read() as session:
        found = await credentials_in(app, session).find(secret)
    if found is None:
        return None
    if found.used_at is None or now() - found.used_at >= NOTED_EVERY:
        with suppress(TryAgain):  # another request notes the same
            async with database.write() as session:
                await credentials_in(app, session).note_use(found.caller.credential)
    return found.caller

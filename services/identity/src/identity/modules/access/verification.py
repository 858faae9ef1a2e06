"""Finds whom a credential belongs to, by asking the module that keeps such credentials."""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from fastapi.requests import HTTPConnection

from ...dependencies import get_database
from ...errors import TryAgain
from ...orm import now
from .caller import Caller, Carrier
from .credentials import known_to

NOTED_EVERY: Final = timedelta(minutes=1)  # a write for each request would cost more than the rest


async def verify(connection: HTTPConnection, carrier: Carrier, secret: str) -> Caller | None:
    """Whom a credential belongs to; None where it is not valid, or its module is not served."""
    app, database = connection.app, await get_database(connection)
    if (credentials_in := known_to(app).get(carrier)) is None:
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

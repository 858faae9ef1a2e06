"""Finds the caller of a credential, by asking the module that keeps such credentials."""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from fastapi.requests import HTTPConnection
from plumbline import Caller, Carrier, SerializationFailure, now
from plumbline.http import get_database

from .credentials import registered_in

RECORD_INTERVAL: Final = timedelta(minutes=1)  # a write a request would cost more than the rest


async def verify_credential(
    connection: HTTPConnection, carrier: Carrier, secret: str
) -> Caller | None:
    """Return the caller, or None for an invalid credential, or one whose module is not enabled.

    The `verifier` of the application: see `plumbline.http.Verifier`.
    """
    app, database = connection.app, await get_database(connection)
    if (credentials_in := registered_in(app).get(carrier)) is None:
        return None
    async with database.read() as session:
        found = await credentials_in(app, session).find(secret)
    if found is None:
        return None
    if found.used_at is None or now() - found.used_at >= RECORD_INTERVAL:
        with suppress(SerializationFailure):  # another request records the same
            async with database.write() as session:
                await credentials_in(app, session).record_use(found.caller.credential)
    return found.caller

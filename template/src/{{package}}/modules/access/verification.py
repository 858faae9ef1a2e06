"""Finds whom a credential belongs to, by asking the identity service.

It is asked each time and nothing is kept, so what it revokes is worth nothing here at once.
"""

import asyncio
from typing import Final

import httpx2
import structlog
from fastapi import FastAPI
from fastapi.requests import HTTPConnection
from pydantic import BaseModel, TypeAdapter, ValidationError

from ...errors import NotNow
from .. import prefix_of
from .caller import Caller, Carrier
from .settings import Settings

log = structlog.get_logger()

PATH: Final = "/api/v1/auth/introspect"
LONGEST: Final = 200  # letters of a credential; identity takes no longer one either
CERTIFICATES: Final = httpx2.create_ssl_context()  # reads files, for which no request should wait
# Identity closes a connection after five idle seconds (uvicorn), so none is used that is near that.
LIMITS: Final = httpx2.Limits(
    max_connections=20, max_keepalive_connections=20, keepalive_expiry=2.0
)


class Unusable(Exception):
    """What identity answered tells nothing about a credential."""


class _Answer(BaseModel):
    active: bool


CALLER: Final = TypeAdapter(Caller)  # all fields are required: none is made up where one is missing


class Identity:
    """The identity service, and whether it can be asked; one for an application."""

    def __init__(self, settings: Settings) -> None:
        self._client = connect(settings)
        self._seconds = settings.seconds
        self._trouble = ""

    async def whose(self, carrier: Carrier, secret: str) -> Caller | None:
        """Whom this belongs to now, if anybody. Raises `NotNow`."""
        question = {"carrier": carrier, "secret": secret}
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._client.post(PATH, json=question)
            caller = _caller_in(answer)
        except (TimeoutError, httpx2.HTTPError, Unusable) as error:
            self._note(_reason(error))
            raise NotNow("Who you are cannot be found out now; try again.") from error
        self._note("")
        return caller

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _note(self, trouble: str) -> None:
        """Log what is wrong once, until it is something else or over."""
        if trouble and trouble != self._trouble:
            log.error("identity.unavailable", reason=trouble)
        self._trouble = trouble


def connect(settings: Settings) -> httpx2.AsyncClient:
    """A client of identity; no proxy of the environment is used, which would read the key."""
    key = settings.key.get_secret_value() if settings.key else ""
    return httpx2.AsyncClient(
        base_url=str(settings.identity_url),
        headers={"Authorization": f"Bearer {key}"} if key else None,
        verify=CERTIFICATES,
        timeout=None,  # for each step; `whose` has one for all of them
        limits=LIMITS,
        trust_env=False,
    )


def _caller_in(answer: httpx2.Response) -> Caller | None:
    if answer.status_code == httpx2.codes.UNAUTHORIZED:
        own = prefix_of("access")
        raise Unusable(f"it does not accept {own}KEY: its introspection must know the digest")
    if answer.status_code != httpx2.codes.OK:
        raise Unusable(f"it answered {answer.status_code}")
    try:
        is_valid = _Answer.model_validate_json(answer.content).active
        return CALLER.validate_json(answer.content) if is_valid else None
    except ValidationError as error:
        raise Unusable("its answer does not say who it is") from error


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, Unusable) else f"no answer ({type(error).__name__})"


def _identity(app: FastAPI) -> Identity:
    """The application's own, from the first question on until it stops."""
    found: Identity | None = getattr(app.state, "identity", None)
    if found is None:
        found = app.state.identity = Identity(app.state.settings[Settings])
        app.state.until_stop.push_async_callback(_forget, app)
    return found


async def _forget(app: FastAPI) -> None:
    found, app.state.identity = app.state.identity, None
    await found.close()


async def verify(connection: HTTPConnection, carrier: Carrier, secret: str) -> Caller | None:
    """Whom a credential belongs to; None where it is not valid. Raises `NotNow`."""
    if len(secret) > LONGEST:
        return None
    return await _identity(connection.app).whose(carrier, secret)

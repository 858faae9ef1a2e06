"""The registry of the modules that keep credentials; knows no HTTP.

Sessions and API keys have routes that need a caller, whose credential may be of either kind. So
neither can be imported here: each registers its own when the application starts.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from plumbline import Caller, Carrier
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class FoundCredential:
    """The caller that a credential belongs to, and when its last use was recorded, if ever."""

    caller: Caller
    used_at: datetime | None


class Credentials(Protocol):
    """The credentials of one kind, within the transaction of one session."""

    async def find(self, secret: str) -> FoundCredential | None:
        """Return the credential with this secret, if it is valid now."""

    async def record_use(self, key: UUID) -> None:
        """Record that the credential with this id is in use now, if it still exists."""


class Application(Protocol):
    """The part of a FastAPI application that matters here."""

    state: Any  # whatever its parts keep there


CredentialsIn = Callable[[Any, AsyncSession], Credentials]  # Any: the application


def register_credentials(
    carrier: Carrier,
    credentials_in: CredentialsIn,
) -> Callable[[Application], AbstractAsyncContextManager[None]]:
    """Return the `lifespan` of a router whose module keeps the credentials of this kind."""

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        app.state.credentials = {**registered_in(app), carrier: credentials_in}
        yield

    return lifespan


def registered_in(app: Application) -> dict[Carrier, CredentialsIn]:
    """Return the kinds of credentials that the application's modules keep."""
    registered: dict[Carrier, CredentialsIn] = getattr(app.state, "credentials", {})
    return registered

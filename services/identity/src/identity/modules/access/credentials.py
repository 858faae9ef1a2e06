"""What keeps the credentials of a kind, and how a module says that it does; knows no HTTP.

Sessions and API keys have routes that need a caller, who may have come with either. So neither can
be imported here: each says at the start that it knows its own.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from .caller import Caller, Carrier


@dataclass(frozen=True)
class Found:
    """Whom a credential belongs to, and when it was last noted that it is in use, if ever."""

    caller: Caller
    used_at: datetime | None


class Credentials(Protocol):
    """The credentials of one kind, within the transaction of one session."""

    async def find(self, secret: str) -> Found | None:
        """Whose it is, if it is valid now."""

    async def note_use(self, key: UUID) -> None:
        """Remember that the one with this id is in use now, if it is still there."""


class Application(Protocol):
    """What FastAPI calls one, as far as it matters here."""

    state: Any  # whatever its parts keep there


CredentialsIn = Callable[[Any, AsyncSession], Credentials]  # Any: the application


def recognises(
    carrier: Carrier,
    credentials_in: CredentialsIn,
) -> Callable[[Application], AbstractAsyncContextManager[None]]:
    """The `lifespan` of a router whose module keeps the credentials of this kind."""

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        app.state.credentials = {**known_to(app), carrier: credentials_in}
        yield

    return lifespan


def known_to(app: Application) -> dict[Carrier, CredentialsIn]:
    """The kinds that it recognises."""
    known: dict[Carrier, CredentialsIn] = getattr(app.state, "credentials", {})
    return known

"""A stand-in for the identity service, for the tests of all modules; nothing is sent anywhere.

* `identity`: knows whom it was told to know; gives the headers that they send
* `identity_server`: the same over the network, for a service in a process of its own
"""

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import Body, FastAPI

from ...testing.serving import serve
from .. import prefix_of
from . import verification
from .caller import COOKIE, Caller, Carrier
from .settings import Settings

Headers = dict[str, str]
Answer = dict[str, Any]  # Any: JSON


class StandIn:
    """Whom it knows, and how often it was asked."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.post(verification.PATH)(self._answer)
        self.asked = 0
        self._known: dict[tuple[Carrier, str], Caller] = {}

    def session(self, user: UUID | None = None) -> Headers:
        """What the browser of a user sends who has logged in: of this one, or of a new one."""
        return {"Cookie": f"{COOKIE}={self._know('session', user, None)}"}

    def key(self, *scopes: str, user: UUID | None = None) -> Headers:
        """What a program sends that has an API key for these scopes."""
        return {"Authorization": f"Bearer {self._know('api_key', user, frozenset(scopes))}"}

    def revoke_all(self) -> None:
        """Make everything that it has given worthless."""
        self._known.clear()

    def connect(self, _: Settings) -> httpx2.AsyncClient:
        """What a service asks it with, within the process."""
        transport = httpx2.ASGITransport(app=self.app)
        return httpx2.AsyncClient(transport=transport, base_url="http://identity")

    def _know(self, carrier: Carrier, user: UUID | None, scopes: frozenset[str] | None) -> str:
        caller = Caller(
            user=user or uuid4(),
            credential=uuid4(),
            scopes=scopes,
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )
        secret = caller.credential.hex
        self._known[carrier, secret] = caller
        return secret

    async def _answer(
        self,
        carrier: Annotated[Carrier, Body()],
        secret: Annotated[str, Body()],
    ) -> Answer:
        self.asked += 1
        caller = self._known.get((carrier, secret))
        return {"active": True, **asdict(caller)} if caller else {"active": False}


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Knows nobody yet: `headers = identity.key("orders:write")`."""
    stand_in = StandIn()
    monkeypatch.setattr(verification, "connect", stand_in.connect)
    return stand_in


@pytest.fixture
async def identity_server(
    identity: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[StandIn]:
    """The same for services that are started within the test, such as by `serve_alone`."""
    async with serve(identity.app) as address:
        monkeypatch.setenv(f"{prefix_of('access')}IDENTITY_URL", address)
        yield identity

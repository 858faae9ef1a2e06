"""A stand-in for the identity service, for the tests of a service that asks it.

The module `access` of a service exports its fixtures:

* `identity`: knows the callers that a test makes; gives the headers that they send
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

from ..caller import Caller, Carrier
from ..http.access import identity_client
from ..http.access.cookie import COOKIE
from ..http.access.identity_client import IdentitySettings
from .sandbox import AnyService
from .serving import serve

Headers = dict[str, str]
Answer = dict[str, Any]  # Any: JSON


class StandIn:
    """The callers that it knows, and how often it was asked."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.post(identity_client.PATH)(self._answer)
        self.asked = 0
        self._known: dict[tuple[Carrier, str], Caller] = {}

    def session(self, user: UUID | None = None) -> Headers:
        """Return the headers of a browser in which a user has logged in: this one, or a new one."""
        return {"Cookie": f"{COOKIE}={self._know('session', user, None)}"}

    def key(self, *scopes: str, user: UUID | None = None) -> Headers:
        """Return the headers of a program that has an API key for these scopes."""
        return {"Authorization": f"Bearer {self._know('api_key', user, frozenset(scopes))}"}

    def revoke_all(self) -> None:
        """Revoke every credential."""
        self._known.clear()

    def connect(self, _: IdentitySettings) -> httpx2.AsyncClient:
        """Return the client with which a service asks it, within the process."""
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
    """Knows no caller yet: `headers = identity.key("orders:write")`."""
    stand_in = StandIn()
    monkeypatch.setattr(identity_client, "connect", stand_in.connect)
    return stand_in


@pytest.fixture
async def identity_server(
    identity: StandIn,
    plumbline_service: AnyService,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[StandIn]:
    """The same for a service in a process of its own, which `serve_process` starts."""
    async with serve(identity.app) as address:
        monkeypatch.setenv(f"{plumbline_service.modules.prefix('access')}IDENTITY_URL", address)
        yield identity

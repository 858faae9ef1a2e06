"""The other end of a connection: its address, its user agent, and what it must not cache."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response

MAX_ADDRESS: Final = 100  # characters, as a proxy may send anything
MAX_AGENT: Final = 200


@dataclass(frozen=True)
class Peer:
    """The client that sent a request; behind a proxy, uvicorn takes the address from its header."""

    address: str
    agent: str


async def _peer(request: Request) -> Peer:
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent", "")
    return Peer(address[:MAX_ADDRESS], agent[:MAX_AGENT])


async def no_store(response: Response) -> None:
    """Forbid proxies and browsers to cache the response; for `Depends`."""
    response.headers["Cache-Control"] = "no-store"


CurrentPeer = Annotated[Peer, Depends(_peer)]
"""The client that sent the request."""

"""The other end of a connection: where it is, what it calls itself, and what it must not keep."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response

LONGEST_ADDRESS: Final = 100  # letters, as a proxy may tell anything
LONGEST_AGENT: Final = 200


@dataclass(frozen=True)
class Client:
    """Who is connected; behind a proxy, uvicorn takes the address that this one tells."""

    address: str
    agent: str


async def _client(request: Request) -> Client:
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent", "")
    return Client(address[:LONGEST_ADDRESS], agent[:LONGEST_AGENT])


async def no_store(response: Response) -> None:
    """For `Depends`: nobody on the way may keep the answer, nor the browser."""
    response.headers["Cache-Control"] = "no-store"


CurrentClient = Annotated[Client, Depends(_client)]

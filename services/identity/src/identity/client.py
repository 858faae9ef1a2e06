"""The other end of a connection: where it is, what it calls itself, and what it must not keep."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response

LONGEST: Final = 200  # letters of what it calls itself


@dataclass(frozen=True)
class Client:
    """Who is connected; behind a proxy, uvicorn takes the address that this one tells."""

    address: str
    agent: str


async def _client(request: Request) -> Client:
    address = request.client.host if request.client else "unknown"
    return Client(address, request.headers.get("user-agent", "")[:LONGEST])


async def no_store(response: Response) -> None:
    """For `Depends`: nobody on the way may keep the answer, nor the browser."""
    response.headers["Cache-Control"] = "no-store"


CurrentClient = Annotated[Client, Depends(_client)]

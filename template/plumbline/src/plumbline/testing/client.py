"""HTTP to an application in the same process, without a network."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
from fastapi import FastAPI

from .described import require_described

WithModules = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]
"""The type of the fixture `with_modules`: names of modules in, a client out."""


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Send requests to the application; every response must be in its OpenAPI document."""

    async def check(response: httpx2.Response) -> None:
        require_described(app, response)

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="https://test",
        event_hooks={"response": [check]},
    ) as client:
        yield client

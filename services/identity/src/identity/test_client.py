"""What is known of the other end of a connection."""

import httpx2
import pytest
from fastapi import FastAPI

from .client import LONGEST_AGENT, CurrentClient


@pytest.mark.parametrize(
    ("headers", "agent"),
    [({"User-Agent": "a browser"}, "a browser"), ({"User-Agent": "x" * 999}, "x" * LONGEST_AGENT)],
)
async def test_its_name_is_cut(
    app: FastAPI,
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    agent: str,
) -> None:
    @app.get("/seen", include_in_schema=False)
    async def see(client: CurrentClient) -> list[str]:
        return [client.address, client.agent]

    assert (await client.get("/seen", headers=headers)).json() == ["127.0.0.1", agent]

"""The address and the user agent of the other end of a connection."""

import httpx2
import pytest
from fastapi import FastAPI

from .peer import MAX_AGENT, CurrentPeer


@pytest.mark.parametrize(
    ("headers", "agent"),
    [({"User-Agent": "a browser"}, "a browser"), ({"User-Agent": "x" * 999}, "x" * MAX_AGENT)],
)
async def test_long_user_agent_is_truncated(
    app: FastAPI,
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    agent: str,
) -> None:
    @app.get("/seen", include_in_schema=False)
    async def see(peer: CurrentPeer) -> list[str]:
        return [peer.address, peer.agent]

    assert (await client.get("/seen", headers=headers)).json() == ["127.0.0.1", agent]

"""Whom the gate contract makes its requests for."""

import httpx2
import pytest

URL = "/api/v1/auth"


@pytest.fixture
async def credentials(ann_client: httpx2.AsyncClient) -> dict[str, str]:
    """An API key of Ann's that may do everything there is to do."""
    wanted = {"name": "contract", "scopes": ["account:read", "account:write"]}
    made = await ann_client.post(f"{URL}/api-keys", json=wanted)
    return {"Authorization": f"Bearer {made.json()['key']}"}

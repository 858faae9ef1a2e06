"""The credentials of the requests of the gate contract."""

import httpx2
import pytest

from identity import PREFIX

URL = f"{PREFIX}/auth"


@pytest.fixture
async def credentials(ann_client: httpx2.AsyncClient) -> dict[str, str]:
    """An API key of Ann's with every scope."""
    wanted = {"name": "contract", "scopes": ["account:read", "account:write"]}
    made = await ann_client.post(f"{URL}/api-keys", json=wanted)
    return {"Authorization": f"Bearer {made.json()['key']}"}

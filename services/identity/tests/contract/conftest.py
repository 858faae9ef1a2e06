"""Whom the gate contract makes its requests for."""

import httpx2
import pytest

from identity.modules.users import UserRead

URL = "/api/v1/auth"


@pytest.fixture
async def credentials(ann_client: httpx2.AsyncClient, ann: UserRead) -> dict[str, str]:
    """An API key of Ann's that may do everything there is to do."""
    assert ann.email
    wanted = {"name": "contract", "scopes": ["account:read", "account:write"]}
    made = await ann_client.post(f"{URL}/api-keys", json=wanted)
    return {"Authorization": f"Bearer {made.json()['key']}"}

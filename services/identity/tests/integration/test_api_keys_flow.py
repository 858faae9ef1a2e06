"""The whole flow of an API key: a user creates it, a program uses it, the user revokes it."""

import httpx2

from identity import PREFIX

URL = f"{PREFIX}/auth"


async def test_make_use_and_revoke(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
) -> None:
    wanted = {"name": "nightly report", "scopes": ["account:read"], "expires_in_days": 30}
    made = await ann_client.post(f"{URL}/api-keys", json=wanted)
    assert made.status_code == 201
    key = {"Authorization": f"Bearer {made.json()['key']}"}

    assert (await client.get(f"{URL}/me", headers=key)).json()["email"] == "ann@example.org"
    assert (await client.get(f"{URL}/sessions", headers=key)).status_code == 200
    refused = await client.post(f"{URL}/logout-everywhere", headers=key)
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "This API key does not permit account:write.",
    )

    shown = (await ann_client.get(f"{URL}/api-keys")).json()["items"]
    assert [(each["name"], each["prefix"]) for each in shown] == [
        ("nightly report", made.json()["key"][:12])
    ]
    assert shown[0]["used_at"] is not None
    assert made.json()["key"] not in str(shown)

    assert (await ann_client.delete(f"{URL}/api-keys/{shown[0]['id']}")).status_code == 204
    assert (await client.get(f"{URL}/me", headers=key)).status_code == 401
    assert (await ann_client.get(f"{URL}/api-keys")).json()["items"] == []

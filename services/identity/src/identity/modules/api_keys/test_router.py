"""The URLs: what is accepted, and what each response says."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from plumbline.http import COOKIE
from plumbline.testing.client import WithModules
from structlog.testing import capture_logs

from ... import PREFIX
from ..users import UserRead
from ..users.fixtures import PASSWORD
from .factories import ApiKeyCreateFactory

URL = f"{PREFIX}/auth/api-keys"
ME = f"{PREFIX}/auth/me"


async def create(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    new = ApiKeyCreateFactory.build(**fields)
    return await client.post(URL, json=new.model_dump(mode="json"))


def bearer(created: httpx2.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {created.json()['key']}"}


async def test_create_answers_with_the_key_and_no_other_response_does(
    ann_client: httpx2.AsyncClient,
) -> None:
    created = await create(ann_client, name="nightly report", scopes={"orders:read"})

    assert created.status_code == 201
    assert created.headers["cache-control"] == "no-store"
    key = created.json().pop("key")
    shown = (await ann_client.get(URL)).json()["items"]
    assert shown == [{name: value for name, value in created.json().items() if name != "key"}]
    assert shown[0].items() >= {"name": "nightly report", "scopes": ["orders:read"]}.items()
    assert key not in str(shown)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"name": "", "scopes": ["account:read"]},
        {"name": "   ", "scopes": ["account:read"]},
        {"name": "n" * 101, "scopes": ["account:read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "scopes": ["account:read orders:write"]},
        {"name": "x", "scopes": ["account:re\nad"]},
        {"name": "x", "scopes": [f"a{number}:read" for number in range(21)]},
        {"name": "x", "scopes": ["account:read"], "expires_in_days": 0},
        {"name": "x", "scopes": ["account:read"], "expires_in_days": 366},
        {"name": "x", "scopes": ["account:read"], "expires_in_days": None},
        {"name": "x", "scopes": ["account:read"], "user_id": str(UUID(int=1))},
    ],
)
async def test_create_with_an_invalid_body_is_refused(
    ann_client: httpx2.AsyncClient,
    body: dict[str, object],
) -> None:
    assert (await ann_client.post(URL, json=body)).status_code == 422


def needed(operation: dict[str, Any]) -> dict[str, set[str]]:
    """Return the scopes that an operation needs, for each kind of credential that it takes."""
    return {
        kind: {*scopes} for each in operation.get("security", []) for kind, scopes in each.items()
    }


async def test_api_key_replaces_the_cookie_on_every_protected_route(
    app: FastAPI,
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
) -> None:
    key = bearer(await create(ann_client))
    protected = [
        (path, method, operation)
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if needed(operation).keys() & {"api_key", "session"}
    ]
    assert len(protected) >= 8

    for path, method, operation in protected:
        assert needed(operation).keys() == {"api_key", "session"}
        url = path.replace("{key}", str(UUID(int=1)))
        body = {"name": "x", "scopes": ["account:read"], "current": "", "new": "n" * 15}
        without = await client.request(method, url, json=body)
        assert without.status_code in {401, 422}, path
        assert (await client.request(method, url, json=body, headers=key)).status_code not in {
            401,
            403,
        }, path


async def test_openapi_document_names_the_scopes_of_each_route(app: FastAPI) -> None:
    wanted = {
        operation["operationId"]: needed(operation)
        for operations in app.openapi()["paths"].values()
        for operation in operations.values()
    }

    for name, scope in [("read_me", "account:read"), ("create_api_key", "account:write")]:
        assert wanted[name] == {"api_key": {scope}, "session": {scope}}
    assert wanted["login"] == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", URL),
        ("DELETE", f"{URL}/{UUID(int=1)}"),
        ("POST", f"{PREFIX}/auth/logout-everywhere"),
        ("POST", f"{PREFIX}/auth/change-password"),
        ("DELETE", f"/api/v1/auth/sessions/{UUID(int=1)}"),
    ],
)
async def test_api_key_with_a_reading_scope_changes_nothing(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    method: str,
    path: str,
) -> None:
    key = bearer(await create(ann_client, scopes={"account:read"}))
    body: dict[str, object] = {"name": "x", "scopes": ["account:read"]}
    if path.endswith("change-password"):
        body = {"current": PASSWORD, "new": "another horse, another battery"}

    refused = await client.request(method, path, headers=key, json=body)

    assert refused.status_code == 403
    assert (await ann_client.get(ME)).status_code == 200


async def test_password_change_with_an_api_key_creates_no_session(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
) -> None:
    key = bearer(await create(ann_client))
    change = {"current": PASSWORD, "new": "another horse, another battery"}

    changed = await client.post(f"{PREFIX}/auth/change-password", json=change, headers=key)

    assert changed.status_code == 204
    assert "set-cookie" not in changed.headers
    assert (await ann_client.get(ME)).status_code == 401
    assert (await client.get(ME, headers=key)).status_code == 200


async def test_create_and_revoke_are_logged_with_the_user(
    ann_client: httpx2.AsyncClient,
    ann: UserRead,
) -> None:
    with capture_logs() as logged:
        made = (await create(ann_client)).json()
        await ann_client.delete(f"{URL}/{made['id']}")

    recorded = [line for line in logged if line["event"].startswith("api_key.")]
    assert [(line["event"], line["user"]) for line in recorded] == [
        ("api_key.created", str(ann.id)),
        ("api_key.revoked", str(ann.id)),
    ]


async def test_create_with_a_scope_that_the_api_key_lacks_is_refused(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
) -> None:
    key = bearer(await create(ann_client, scopes={"account:write"}))
    body = {"name": "x", "scopes": ["account:read"]}

    assert (await client.post(URL, json=body, headers=key)).status_code == 403


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_api_key_takes_precedence_over_the_cookie_even_if_invalid(
    ann_client: httpx2.AsyncClient,
    bob_client: httpx2.AsyncClient,
    scheme: str,
) -> None:
    key = (await create(bob_client)).json()["key"]

    as_bob = await ann_client.get(ME, headers={"Authorization": f"{scheme} {key}"})
    refused = await ann_client.get(ME, headers={"Authorization": f"{scheme} {key}x"})

    assert as_bob.json()["email"] == "bob@example.org"
    assert refused.status_code == 401


async def test_session_token_is_no_api_key_and_vice_versa(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
) -> None:
    key = (await create(ann_client)).json()["key"]
    token = ann_client.cookies[COOKIE]

    as_key = await client.get(ME, headers={"Authorization": f"Bearer {token}"})
    as_token = await client.get(ME, headers={"Cookie": f"{COOKIE}={key}"})

    assert (as_key.status_code, as_token.status_code) == (401, 401)


async def test_api_keys_of_other_users_are_neither_listed_nor_revoked(
    ann_client: httpx2.AsyncClient,
    bob_client: httpx2.AsyncClient,
) -> None:
    created = await create(bob_client)

    assert (await ann_client.get(URL)).json()["items"] == []
    assert (await ann_client.delete(f"{URL}/{created.json()['id']}")).status_code == 404
    assert (await ann_client.get(ME, headers=bearer(created))).status_code == 200


async def test_list_is_paginated(ann_client: httpx2.AsyncClient) -> None:
    names = [(await create(ann_client)).json()["name"] for _ in range(3)]

    first = (await ann_client.get(URL, params={"limit": 2})).json()
    rest = (await ann_client.get(URL, params={"cursor": first["next_cursor"]})).json()

    assert [each["name"] for each in first["items"] + rest["items"]] == names


async def test_create_from_another_site_is_refused(
    ann_client: httpx2.AsyncClient,
) -> None:
    body = {"name": "x", "scopes": ["account:read"]}

    refused = await ann_client.post(URL, json=body, headers={"Sec-Fetch-Site": "cross-site"})

    assert refused.status_code == 403
    assert (await ann_client.get(URL)).json()["items"] == []


async def test_api_key_is_invalid_while_its_module_is_disabled(
    ann_client: httpx2.AsyncClient,
    with_modules: WithModules,
) -> None:
    key = bearer(await create(ann_client))

    async with with_modules("users", "sessions") as client:
        assert (await client.get(ME, headers=key)).status_code == 401

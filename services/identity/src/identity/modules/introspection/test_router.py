"""The URL: which services may ask, and what each response says."""

import httpx2
import pytest
from fastapi import FastAPI
from plumbline.http import COOKIE

from ... import PREFIX
from ...tokens import digest, new_token
from ..users import UserRead
from .settings import Settings

URL = f"{PREFIX}/auth/introspect"


@pytest.fixture
def service_key(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> str:
    keys = [new_token(), new_token()]
    rules = Settings(keys=",".join(digest(key).hex() for key in keys))
    monkeypatch.setitem(app.state.module_settings, Settings, rules)
    return keys[1]


@pytest.fixture
def service(service_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {service_key}"}


async def test_introspection_of_a_session_permits_every_scope(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    ann: UserRead,
    service: dict[str, str],
) -> None:
    question = {"carrier": "session", "secret": ann_client.cookies[COOKIE]}

    answer = await client.post(URL, json=question, headers=service)

    assert answer.headers["cache-control"] == "no-store"
    (session,) = (await ann_client.get(f"{PREFIX}/auth/sessions")).json()["items"]
    assert answer.json() == {
        "active": True,
        "user": str(ann.id),
        "credential": session["id"],
        "scopes": None,
        "expires_at": session["expires_at"],
    }


async def test_introspection_of_an_api_key_returns_its_scopes(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    ann: UserRead,
    service: dict[str, str],
) -> None:
    wanted = {"name": "x", "scopes": ["orders:write", "orders:read"]}
    made = (await ann_client.post(f"{PREFIX}/auth/api-keys", json=wanted)).json()
    question = {"carrier": "api_key", "secret": made["key"]}

    answer = await client.post(URL, json=question, headers=service)

    assert answer.json() == {
        "active": True,
        "user": str(ann.id),
        "credential": made["id"],
        "scopes": ["orders:read", "orders:write"],
        "expires_at": made["expires_at"],
    }


async def test_introspection_of_an_invalid_credential_returns_nothing_else(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    service: dict[str, str],
) -> None:
    token = ann_client.cookies[COOKIE]
    await ann_client.post(f"{PREFIX}/auth/logout")

    for carrier, secret in [("session", token), ("session", ""), ("api_key", token)]:
        answer = await client.post(
            URL, json={"carrier": carrier, "secret": secret}, headers=service
        )
        assert answer.json() == {
            "active": False,
            "user": None,
            "credential": None,
            "scopes": None,
            "expires_at": None,
        }


@pytest.mark.usefixtures("service_key")
@pytest.mark.parametrize("key", [None, "", "unknown", "ü", "ids_" + "x" * 43])
async def test_introspection_without_a_service_key_is_refused(
    ann_client: httpx2.AsyncClient,
    key: str | None,
) -> None:
    question = {"carrier": "session", "secret": ann_client.cookies[COOKIE]}
    headers = {} if key is None else {b"Authorization": f"Bearer {key}".encode()}

    refused = await ann_client.post(URL, json=question, headers=headers)

    assert refused.status_code == 401
    assert "user" not in refused.json()


async def test_introspection_without_settings_is_refused(client: httpx2.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {new_token()}"}

    refused = await client.post(URL, json={"carrier": "session", "secret": "x"}, headers=headers)

    assert refused.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"carrier": "session"},
        {"carrier": "cookie", "secret": "x"},
        {"carrier": "session", "secret": "x" * 201},
    ],
)
async def test_invalid_introspection_request_is_refused(
    client: httpx2.AsyncClient,
    service: dict[str, str],
    body: dict[str, str],
) -> None:
    refused = await client.post(URL, json=body, headers=service)

    assert refused.status_code == 422
    assert "x" * 201 not in refused.text

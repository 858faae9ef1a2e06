"""The URL: who may ask, and what is told."""

import httpx2
import pytest
from fastapi import FastAPI

from ...tokens import digest, new_token
from ..access import COOKIE
from ..users import UserRead
from .settings import Settings

URL = "/api/v1/auth/introspect"


@pytest.fixture
def service_key(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> str:
    keys = [new_token(), new_token()]
    rules = Settings(keys=",".join(digest(key).hex() for key in keys))
    monkeypatch.setitem(app.state.settings, Settings, rules)
    return keys[1]


@pytest.fixture
def service(service_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {service_key}"}


async def test_a_session_is_good_for_everything(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    ann: UserRead,
    service: dict[str, str],
) -> None:
    question = {"carrier": "session", "secret": ann_client.cookies[COOKIE]}

    answer = await client.post(URL, json=question, headers=service)

    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    (session,) = (await ann_client.get("/api/v1/auth/sessions")).json()["items"]
    assert told == {
        "active": True,
        "user": str(ann.id),
        "credential": session["id"],
        "scopes": None,
        "expires_at": session["expires_at"],
    }


async def test_a_key_is_good_for_its_scopes(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    ann: UserRead,
    service: dict[str, str],
) -> None:
    wanted = {"name": "x", "scopes": ["orders:write", "orders:read"]}
    made = (await ann_client.post("/api/v1/auth/api-keys", json=wanted)).json()
    question = {"carrier": "api_key", "secret": made["key"]}

    told = (await client.post(URL, json=question, headers=service)).json()

    assert told == {
        "active": True,
        "user": str(ann.id),
        "credential": made["id"],
        "scopes": ["orders:read", "orders:write"],
        "expires_at": made["expires_at"],
    }


async def test_of_what_is_not_valid_nothing_else_is_told(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    service: dict[str, str],
) -> None:
    token = ann_client.cookies[COOKIE]
    await ann_client.post("/api/v1/auth/logout")

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
@pytest.mark.parametrize("key", [None, "", "nobody's", "ü", "ids_" + "x" * 43])
async def test_nobody_may_ask_without_the_key_of_a_service(
    ann_client: httpx2.AsyncClient,
    key: str | None,
) -> None:
    question = {"carrier": "session", "secret": ann_client.cookies[COOKIE]}
    headers = {} if key is None else {b"Authorization": f"Bearer {key}".encode()}

    refused = await ann_client.post(URL, json=question, headers=headers)

    assert refused.status_code == 401
    assert "user" not in refused.json()


async def test_without_settings_nobody_may_ask_at_all(client: httpx2.AsyncClient) -> None:
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
async def test_an_unusable_question_is_refused(
    client: httpx2.AsyncClient,
    service: dict[str, str],
    body: dict[str, str],
) -> None:
    refused = await client.post(URL, json=body, headers=service)

    assert refused.status_code == 422
    assert "x" * 201 not in refused.text

"""The URLs: what is accepted, and what each response says."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from freezegun import freeze_time
from plumbline import SerializationFailure
from plumbline.database import Database
from plumbline.http import COOKIE
from plumbline.testing.client import WithModules
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from ... import PREFIX
from ..attempts import Settings as AttemptSettings
from ..users import UserService
from ..users.fixtures import PASSWORD
from .settings import Settings

URL = f"{PREFIX}/auth"
NEW = "another horse, another battery"
HASHER = "identity.modules.users.passwords.HASHER"


async def login(
    client: httpx2.AsyncClient,
    password: str = PASSWORD,
    email: str = "ann@example.org",
) -> httpx2.Response:
    return await client.post(f"{URL}/login", json={"email": email, "password": password})


@pytest.mark.usefixtures("ann")
async def test_session_cookie_has_the_host_prefix_and_is_secure_httponly_and_strict(
    client: httpx2.AsyncClient,
) -> None:
    entered = await login(client)

    name_and_token, *attributes = entered.headers["set-cookie"].split("; ")
    assert name_and_token.partition("=")[0] == COOKIE == "__Host-session"
    assert {each.lower() for each in attributes} == {
        "httponly",
        "secure",
        "samesite=strict",
        "path=/",
        "max-age=43200",
    }
    assert entered.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("ann")
async def test_login_answers_a_wrong_password_and_an_unknown_user_alike(
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified: list[str] = []

    class Watched:
        @staticmethod
        def verify_and_update(_: str, stored: str) -> tuple[bool, None]:
            verified.append(stored)
            return False, None

    monkeypatch.setattr(HASHER, Watched)

    wrong = await login(client, "a password that Bob can remember")
    unknown = await login(client, email="unknown@example.org")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    hop = {"x-request-id"}
    assert {*wrong.headers.items()} - {(name, wrong.headers[name]) for name in hop} == {
        *unknown.headers.items()
    } - {(name, unknown.headers[name]) for name in hop}
    cost = [stored.split("$")[:4] for stored in verified]
    assert cost[0] == cost[1]  # the same work, so the same time
    assert "set-cookie" not in wrong.headers


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("email", ["ANN@example.org", "Ann@Example.ORG"])
async def test_login_with_the_email_in_any_case_succeeds(
    client: httpx2.AsyncClient, email: str
) -> None:
    assert (await login(client, email=email)).status_code == 200


async def test_login_opens_a_new_session_and_ends_the_old_one(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
) -> None:
    planted = {"Cookie": f"{COOKIE}={ann_client.cookies[COOKIE]}"}

    await login(ann_client)

    assert ann_client.cookies[COOKIE] not in planted["Cookie"]
    assert (await ann_client.get(f"{URL}/me")).status_code == 200
    assert (await client.get(f"{URL}/me", headers=planted)).status_code == 401


@pytest.mark.usefixtures("ann")
async def test_login_with_a_planted_token_issues_another_one(
    client: httpx2.AsyncClient,
) -> None:
    client.cookies.set(COOKIE, "planted", domain="test.local")

    await login(client)

    assert client.cookies[COOKIE] != "planted"


@pytest.mark.usefixtures("ann")
async def test_login_renews_the_hash_when_the_parameters_have_grown(
    client: httpx2.AsyncClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stronger = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=3, parallelism=1),))
    monkeypatch.setattr(HASHER, stronger)

    assert (await login(client)).status_code == 200

    async with database.read() as session:
        user = await UserService(session).find("ann@example.org")
    assert user is not None
    assert "$m=19456,t=3,p=1$" in user.password_hash
    assert (await login(client)).status_code == 200


async def test_session_ends_when_unused_and_after_its_lifetime(
    ann_client: httpx2.AsyncClient,
) -> None:
    rules = Settings()

    async def status_after(wait: timedelta) -> int:
        with freeze_time(real_asyncio=True) as clock:
            clock.tick(wait)
            return (await ann_client.get(f"{URL}/me")).status_code

    assert await status_after(rules.idle + timedelta(minutes=1)) == 401
    for minutes in range(50, 12 * 60, 50):
        assert await status_after(timedelta(minutes=minutes)) == 200
    assert await status_after(rules.lifetime + timedelta(minutes=1)) == 401


@pytest.mark.usefixtures("ann")
async def test_login_beyond_the_rate_limit_answers_429_until_the_wait_is_over(
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = AttemptSettings(per_account=2, minutes=15)
    monkeypatch.setitem(app.state.module_settings, AttemptSettings, rules)
    with freeze_time(real_asyncio=True) as clock:
        assert [(await login(client, "wrong")).status_code for _ in range(3)] == [401, 401, 429]
        clock.tick(timedelta(minutes=5))
        refused = await login(client)  # even with the right password

        assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
        assert "set-cookie" not in refused.headers
        assert (await login(client, email="bob@example.org")).status_code == 401
        clock.tick(timedelta(seconds=600))
        assert (await login(client)).status_code == 200


async def test_rate_limit_of_an_address_covers_login_register_and_change_password(
    app: FastAPI,
    ann_client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.state.module_settings, AttemptSettings, AttemptSettings(per_address=4))
    change = {"current": "wrong", "new": NEW}

    async def register(email: str) -> httpx2.Response:
        body = {"email": email, "password": PASSWORD}
        return await ann_client.post(f"{URL}/register", json=body)

    counted = [
        await login(ann_client, email="unknown@example.org"),
        await login(ann_client, email="unknown.too@example.org"),
        await register("bob@example.org"),
        await ann_client.post(f"{URL}/change-password", json=change),
    ]
    refused = [
        await login(ann_client, email="yet.another@example.org"),
        await register("eve@example.org"),
        await ann_client.post(f"{URL}/change-password", json=change),
    ]

    assert [each.status_code for each in counted] == [401, 401, 201, 403]
    assert [each.status_code for each in refused] == [429] * 3


@pytest.mark.usefixtures("ann")
async def test_login_retried_on_serialization_failure_counts_once(
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.state.module_settings, AttemptSettings, AttemptSettings(per_account=1))
    confirm, refusals = UserService.confirm, iter([True, True])

    async def late(*given: Any) -> None:
        if next(refusals, False):
            raise SerializationFailure
        await confirm(*given)

    monkeypatch.setattr(UserService, "confirm", late)

    assert (await login(client)).status_code == 200
    assert next(refusals, None) is None


async def test_login_with_a_full_hashing_queue_answers_503_with_retry_after(
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("identity.modules.users.passwords.MAX_WAITING", 0)

    refused = await login(client)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    "cookies",
    [
        f"\xa0{COOKIE}=TOKEN",
        f"\x85{COOKIE}=TOKEN",
        f"a=1; \xa0{COOKIE}=TOKEN",
        f"{COOKIE}=TOKEN; {COOKIE}=TOKEN",
        f"{COOKIE}x=TOKEN",
        f"{COOKIE.lower()}=TOKEN",
    ],
)
async def test_only_one_cookie_of_exactly_this_name_is_accepted(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    cookies: str,
) -> None:
    token = ann_client.cookies[COOKIE]

    async def status(sent: str) -> int:
        headers = {b"Cookie": sent.replace("TOKEN", token).encode("latin-1")}
        return (await client.get(f"{URL}/me", headers=headers)).status_code

    assert await status(cookies) == 401
    assert await status(f"a=1; {COOKIE}=TOKEN; b=2") == 200


@pytest.mark.usefixtures("ann")
async def test_successful_logins_do_not_count_against_the_rate_limit(
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = AttemptSettings(per_account=2, per_address=2)
    monkeypatch.setitem(app.state.module_settings, AttemptSettings, rules)

    assert [(await login(client)).status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ann@example.org"},
        {"email": "ann", "password": PASSWORD},
        {"email": "ann@example.org", "password": "p" * 129},
        {"email": "ann@example.org", "password": PASSWORD, "remember": True},
    ],
)
async def test_login_with_an_invalid_body_is_refused(
    client: httpx2.AsyncClient,
    body: dict[str, object],
) -> None:
    refused = await client.post(f"{URL}/login", json=body)

    assert refused.status_code == 422
    assert PASSWORD not in refused.text


async def test_logout_deletes_the_cookie_and_can_be_repeated(
    ann_client: httpx2.AsyncClient,
) -> None:
    left = await ann_client.post(f"{URL}/logout")

    assert left.status_code == 204
    attributes = {each.lower() for each in left.headers["set-cookie"].split("; ")}
    assert attributes >= {"max-age=0", "path=/", "secure", "httponly"}  # else a browser keeps it
    assert COOKIE not in ann_client.cookies
    assert (await ann_client.post(f"{URL}/logout")).status_code == 204


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "login"),
        ("POST", "logout"),
        ("POST", "logout-everywhere"),
        ("POST", "change-password"),
        ("DELETE", f"sessions/{UUID(int=1)}"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://test"},
        {"Origin": "https://test.example.org"},
        {"Origin": "https://test:8443"},
        {"Origin": "null"},
        {"Origin": "https://["},
        {"Origin": "test"},
    ],
)
async def test_csrf_write_from_another_site_is_refused(
    ann_client: httpx2.AsyncClient,
    method: str,
    path: str,
    headers: dict[str, str],
) -> None:
    body = {"email": "ann@example.org", "password": PASSWORD, "current": PASSWORD, "new": NEW}

    refused = await ann_client.request(method, f"{URL}/{path}", headers=headers, json=body)

    assert refused.status_code == 403
    assert (await ann_client.get(f"{URL}/me")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://test"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://test"},
        {},
    ],
)
async def test_csrf_check_accepts_the_own_site_and_programs(
    ann_client: httpx2.AsyncClient,
    headers: dict[str, str],
) -> None:
    assert (await ann_client.post(f"{URL}/logout-everywhere", headers=headers)).status_code == 204


async def test_change_password_with_a_wrong_current_password_is_refused(
    ann_client: httpx2.AsyncClient,
) -> None:
    change = {"current": "a password that Bob can remember", "new": NEW}

    refused = await ann_client.post(f"{URL}/change-password", json=change)

    assert refused.status_code == 403
    assert (await login(ann_client)).status_code == 200


@pytest.mark.parametrize("new", ["passwordpassword", "short", "long " * 30])
async def test_change_password_to_a_weak_password_is_refused(
    app: FastAPI,
    ann_client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    new: str,
) -> None:
    monkeypatch.setitem(app.state.module_settings, AttemptSettings, AttemptSettings(per_account=1))
    change = {"current": PASSWORD, "new": new}

    for _ in range(2):
        refused = await ann_client.post(f"{URL}/change-password", json=change)
        assert refused.status_code == 422

    assert (await login(ann_client)).status_code == 200  # the current one was right: not counted


async def test_change_password_is_rate_limited_like_login(
    app: FastAPI,
    ann_client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.state.module_settings, AttemptSettings, AttemptSettings(per_account=2))
    change = {"current": "wrong", "new": NEW}

    answers = [await ann_client.post(f"{URL}/change-password", json=change) for _ in range(3)]

    assert [each.status_code for each in answers] == [403, 403, 429]
    assert (await login(ann_client)).status_code == 429


async def test_change_password_gives_this_session_a_new_token(
    ann_client: httpx2.AsyncClient,
) -> None:
    before = ann_client.cookies[COOKIE]

    changed = await ann_client.post(
        f"{URL}/change-password", json={"current": PASSWORD, "new": NEW}
    )

    assert changed.status_code == 204
    assert ann_client.cookies[COOKIE] != before
    assert (await ann_client.get(f"{URL}/me")).status_code == 200
    assert len((await ann_client.get(f"{URL}/sessions")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "sessions"),
        ("DELETE", f"sessions/{UUID(int=1)}"),
        ("POST", "logout-everywhere"),
        ("POST", "change-password"),
    ],
)
async def test_request_without_a_credential_is_unauthorized(
    client: httpx2.AsyncClient,
    method: str,
    path: str,
) -> None:
    body = {"current": PASSWORD, "new": NEW} if path == "change-password" else None

    assert (await client.request(method, f"{URL}/{path}", json=body)).status_code == 401


async def test_sessions_of_other_users_are_neither_listed_nor_ended(
    ann_client: httpx2.AsyncClient,
    bob_client: httpx2.AsyncClient,
) -> None:
    (of_bob,) = (await bob_client.get(f"{URL}/sessions")).json()["items"]

    assert of_bob["id"] not in (await ann_client.get(f"{URL}/sessions")).text
    refused = await ann_client.delete(f"{URL}/sessions/{of_bob['id']}")
    assert refused.status_code == 404
    assert (await bob_client.get(f"{URL}/me")).status_code == 200


async def test_list_shows_address_and_agent_but_no_token(
    ann_client: httpx2.AsyncClient,
) -> None:
    answer = await ann_client.get(f"{URL}/sessions")

    (shown,) = answer.json()["items"]
    assert shown.items() >= {"address": "192.0.2.1", "agent": "a browser", "current": True}.items()
    assert ann_client.cookies[COOKIE] not in answer.text


@pytest.mark.usefixtures("ann")
async def test_list_is_paginated(client: httpx2.AsyncClient) -> None:
    for _ in range(3):
        client.cookies.clear()
        await login(client)

    first = (await client.get(f"{URL}/sessions", params={"limit": 2})).json()
    rest = await client.get(f"{URL}/sessions", params={"cursor": first["next_cursor"]})

    assert (len(first["items"]), len(rest.json()["items"])) == (2, 1)
    assert (await client.get(f"{URL}/sessions", params={"limit": 0})).status_code == 422


async def test_cookie_is_invalid_while_its_module_is_disabled(
    ann_client: httpx2.AsyncClient,
    with_modules: WithModules,
) -> None:
    cookie = {"Cookie": f"{COOKIE}={ann_client.cookies[COOKIE]}"}

    async with with_modules("users") as client:
        assert (await client.get(f"{URL}/me", headers=cookie)).status_code == 401

"""The URLs: what is accepted, and what each response says."""

import json
from typing import Any

import httpx2
import pytest
from plumbline.database import Database

from ... import PREFIX
from .factories import RegistrationFactory
from .fixtures import PASSWORD
from .repository import UserRepository
from .schemas import UserRead

URL = f"{PREFIX}/auth"


async def register(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    new = RegistrationFactory.build(**fields)
    body = {"email": new.email, "password": new.password.get_secret_value()}
    return await client.post(f"{URL}/register", json=body | fields)


async def test_registering_answers_with_the_user_and_without_the_password(
    client: httpx2.AsyncClient,
) -> None:
    registered = await register(client, email="Ann@Example.ORG")

    assert registered.status_code == 201
    assert set(registered.json()) == {"id", "email", "created_at"}
    assert registered.json()["email"] == "ann@example.org"
    assert registered.headers["cache-control"] == "no-store"


async def test_register_stores_a_hash_of_the_password(
    client: httpx2.AsyncClient, database: Database
) -> None:
    await register(client, email="ann@example.org", password=PASSWORD)

    async with database.read() as session:
        row = await UserRepository(session).get_by_email("ann@example.org")
    assert row is not None
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in row.password_hash


@pytest.mark.parametrize("email", ["ann@example.org", "ANN@EXAMPLE.ORG", "Ann@example.Org"])
async def test_register_with_a_taken_email_in_any_case_is_a_conflict(
    client: httpx2.AsyncClient,
    ann: UserRead,
    email: str,
) -> None:
    refused = await register(client, email=email)

    assert refused.status_code == 409
    assert refused.json()["detail"] == "This email is already taken."
    assert ann.email == "ann@example.org"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ann@example.org"},
        {"email": "ann", "password": PASSWORD},
        {"email": None, "password": PASSWORD},
        {"email": f"{'a' * 250}@example.org", "password": PASSWORD},
        {"email": "ann@example.org", "password": "short"},
        {"email": "ann@example.org", "password": "passwordpassword"},
        {"email": "ann@example.org", "password": "ann@example.org"},
        {"email": "ann@example.org", "password": "long " * 30},
        {"email": "ann@example.org", "password": PASSWORD, "admin": True},
    ],
)
async def test_invalid_registration_is_refused_without_repeating_the_password(
    client: httpx2.AsyncClient,
    body: dict[str, object],
) -> None:
    refused = await client.post(f"{URL}/register", json=body)

    assert refused.status_code == 422
    if "password" in body:
        assert str(body["password"]) not in refused.text


async def test_password_of_lone_surrogates_is_refused(client: httpx2.AsyncClient) -> None:
    body = json.dumps({"email": "ann@example.org", "password": "\ud800" * 20})

    assert (await client.post(f"{URL}/register", content=body)).status_code == 422


async def test_read_me_without_a_credential_is_unauthorized(client: httpx2.AsyncClient) -> None:
    refused = await client.get(f"{URL}/me")

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_read_me_returns_the_user(ann_client: httpx2.AsyncClient, ann: UserRead) -> None:
    answer = await ann_client.get(f"{URL}/me")

    assert UserRead.model_validate(answer.json()) == ann
    assert answer.headers["cache-control"] == "no-store"


async def test_register_from_another_site_is_refused(client: httpx2.AsyncClient) -> None:
    refused = await client.post(
        f"{URL}/register",
        json={"email": "ann@example.org", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert refused.status_code == 403

"""The URLs: what is accepted, and what each response says."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from plumbline.database import Database

from ... import PREFIX
from .factories import ProductCreateFactory
from .models import Product

URL = f"{PREFIX}/products"
BODIES: dict[str, object] = {"GET": None, "PATCH": {}, "DELETE": None}


async def create(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    new = ProductCreateFactory.build(**fields)
    return await client.post(URL, json=new.model_dump(mode="json"))


async def test_create_answers_with_the_row_and_its_location(client: httpx2.AsyncClient) -> None:
    created = await create(client, name="blue", description="as the sky")

    assert created.status_code == 201
    assert created.headers["location"] == f"{URL}/{created.json()['id']}"
    assert created.headers["etag"] == '"1"'
    assert created.json().items() >= {"name": "blue", "description": "as the sky"}.items()
    assert (await client.get(created.headers["location"])).json() == created.json()


async def test_created_row_is_committed_before_the_response(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    created = (await create(client, name="blue")).json()

    async with database.read() as session:
        row = await session.get(Product, UUID(created["id"]))
    assert row is not None
    assert row.name == "blue"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "   "},
        {"name": "n" * 101},
        {"name": None},
        {"name": "blue", "description": "d" * 1001},
        {"name": "blue", "unknown": 1},
    ],
)
async def test_create_with_an_invalid_body_is_refused(
    client: httpx2.AsyncClient, body: object
) -> None:
    assert (await client.post(URL, json=body)).status_code == 422


async def test_create_with_a_taken_name_is_a_conflict(client: httpx2.AsyncClient) -> None:
    await create(client, name="blue")

    refused = await create(client, name=" blue ")

    assert refused.status_code == 409


async def test_list_is_paginated_in_order_of_creation(client: httpx2.AsyncClient) -> None:
    names = [(await create(client)).json()["name"] for _ in range(5)]

    found: list[str] = []
    cursor: dict[str, str] = {}
    for expected in (2, 2, 1):
        page = (await client.get(URL, params={"limit": 2, **cursor})).json()
        assert len(page["items"]) == expected
        found += [each["name"] for each in page["items"]]
        cursor = {"cursor": page["next_cursor"]}

    assert found == names
    assert cursor == {"cursor": None}


async def test_update_needs_the_version_and_increments_it(client: httpx2.AsyncClient) -> None:
    created = await create(client, description="old")
    place, tag = created.headers["location"], {"If-Match": created.headers["etag"]}

    changed = await client.patch(place, json={"description": "new"}, headers=tag)

    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    assert changed.json()["description"] == "new"
    assert (await client.get(place)).json() == changed.json()


@pytest.mark.parametrize(("headers", "status"), [({"If-Match": '"2"'}, 412), ({}, 428)])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_write_without_the_current_version_is_refused(
    client: httpx2.AsyncClient,
    method: str,
    headers: dict[str, str],
    status: int,
) -> None:
    created = await create(client)
    place = created.headers["location"]

    refused = await client.request(method, place, json=BODIES[method], headers=headers)

    assert refused.status_code == status
    assert (await client.get(place)).json() == created.json()


@pytest.mark.parametrize("body", [{"name": None}, {"name": ""}, {"id": str(uuid4())}, []])
async def test_update_with_an_invalid_body_is_refused(
    client: httpx2.AsyncClient, body: object
) -> None:
    place = (await create(client)).headers["location"]

    refused = await client.patch(place, json=body, headers={"If-Match": "*"})

    assert refused.status_code == 422


async def test_update_with_a_taken_name_is_a_conflict(client: httpx2.AsyncClient) -> None:
    await create(client, name="blue")
    place = (await create(client)).headers["location"]

    refused = await client.patch(place, json={"name": "blue"}, headers={"If-Match": "*"})

    assert refused.status_code == 409


async def test_deleted_row_is_gone(client: httpx2.AsyncClient) -> None:
    place = (await create(client)).headers["location"]

    deleted = await client.delete(place, headers={"If-Match": '"1"'})

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await client.get(place)).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_unknown_id_is_not_found(client: httpx2.AsyncClient, method: str) -> None:
    place, headers = f"{URL}/{uuid4()}", {"If-Match": "*"}

    missing = await client.request(method, place, headers=headers, json=BODIES[method])

    assert missing.status_code == 404

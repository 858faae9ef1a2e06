"""The URLs: what is accepted, and what each answer says."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI

from ...database import Database
from .factories import SessionCreateFactory
from .models import Session

URL = "/api/v1/sessions"


async def create(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    new = SessionCreateFactory.build(**fields)
    return await client.post(URL, json=new.model_dump())


async def test_creating_answers_with_the_new_one_and_its_place(
    client: httpx2.AsyncClient,
) -> None:
    created = await create(client, name="blue", description="as the sky")

    assert created.status_code == 201
    assert created.headers["location"] == f"{URL}/{created.json()['id']}"
    assert created.headers["etag"] == '"1"'
    assert created.json().items() >= {"name": "blue", "description": "as the sky"}.items()
    assert (await client.get(created.headers["location"])).json() == created.json()


async def test_times_are_in_utc_and_survive_the_round_trip(client: httpx2.AsyncClient) -> None:
    created = (await create(client)).json()

    moment = datetime.fromisoformat(created["created_at"])
    assert moment.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


async def test_what_was_answered_has_been_committed(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    created = (await create(client, name="blue")).json()

    async with database.read() as session:
        row = await session.get(Session, UUID(created["id"]))
    assert row is not None
    assert row.name == "blue"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "n" * 101},
        {"name": None},
        {"name": "blue", "description": "d" * 1001},
        {"name": "blue", "unknown": 1},
    ],
)
async def test_an_invalid_one_is_refused(client: httpx2.AsyncClient, body: object) -> None:
    refused = await client.post(URL, json=body)

    assert refused.status_code == 422
    assert refused.json()["errors"]


async def test_a_name_can_be_taken_only_once(client: httpx2.AsyncClient) -> None:
    await create(client, name="blue")

    refused = await create(client, name=" blue ")

    assert refused.status_code == 409
    assert refused.json()["detail"] == "This name is already taken."


async def test_the_list_is_cut_into_pages(client: httpx2.AsyncClient) -> None:
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


async def test_a_row_created_meanwhile_does_not_disturb_the_pages(
    client: httpx2.AsyncClient,
) -> None:
    names = [(await create(client)).json()["name"] for _ in range(3)]
    first = (await client.get(URL, params={"limit": 2})).json()
    names.append((await create(client)).json()["name"])

    rest = (await client.get(URL, params={"cursor": first["next_cursor"]})).json()

    assert [each["name"] for each in first["items"] + rest["items"]] == names


async def test_an_empty_list_is_a_page(client: httpx2.AsyncClient) -> None:
    assert (await client.get(URL)).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"cursor": "nonsense"}, {"cursor": "ü"}]
)
async def test_an_unusable_page_is_refused(
    client: httpx2.AsyncClient,
    params: dict[str, str | int],
) -> None:
    assert (await client.get(URL, params=params)).status_code == 422


async def test_updating_needs_the_version_and_moves_it(client: httpx2.AsyncClient) -> None:
    created = await create(client, description="old")
    place = created.headers["location"]

    changed = await client.patch(
        place, json={"description": "new"}, headers={"If-Match": created.headers["etag"]}
    )

    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    assert changed.json()["description"] == "new"
    assert (await client.get(place)).json() == changed.json()


@pytest.mark.parametrize("if_match", ['"1", "7"', "*", ' "7" , "1"'])
async def test_several_versions_or_any_can_be_accepted(
    client: httpx2.AsyncClient,
    if_match: str,
) -> None:
    place = (await create(client)).headers["location"]

    changed = await client.patch(place, json={}, headers={"If-Match": if_match})

    assert changed.status_code == 200


@pytest.mark.parametrize("if_match", ['"2"', "1", 'W/"1"', '"one"', "", '"²"', f'"{"1" * 5000}"'])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_version_that_is_not_the_current_one_is_refused(
    client: httpx2.AsyncClient,
    method: str,
    if_match: str,
) -> None:
    created = await create(client)

    refused = await client.request(
        method,
        created.headers["location"],
        headers={b"If-Match": if_match.encode()},
        json={} if method == "PATCH" else None,
    )

    assert refused.status_code == 412
    assert (await client.get(created.headers["location"])).json() == created.json()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_write_that_names_no_version_is_refused(
    client: httpx2.AsyncClient,
    method: str,
) -> None:
    place = (await create(client)).headers["location"]

    refused = await client.request(method, place, json={} if method == "PATCH" else None)

    assert refused.status_code == 428


@pytest.mark.parametrize("body", [{"name": None}, {"name": ""}, {"id": str(uuid4())}, []])
async def test_an_invalid_change_is_refused(client: httpx2.AsyncClient, body: object) -> None:
    place = (await create(client)).headers["location"]

    refused = await client.patch(place, json=body, headers={"If-Match": "*"})

    assert refused.status_code == 422


async def test_a_change_cannot_take_the_name_of_another(client: httpx2.AsyncClient) -> None:
    await create(client, name="blue")
    place = (await create(client)).headers["location"]

    refused = await client.patch(place, json={"name": "blue"}, headers={"If-Match": "*"})

    assert refused.status_code == 409


async def test_what_was_deleted_is_gone(client: httpx2.AsyncClient) -> None:
    place = (await create(client)).headers["location"]

    deleted = await client.delete(place, headers={"If-Match": '"1"'})

    assert deleted.status_code == 204
    assert deleted.content == b""
    assert (await client.get(place)).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_id_is_not_found(client: httpx2.AsyncClient, method: str) -> None:
    missing = await client.request(
        method,
        f"{URL}/{uuid4()}",
        headers={"If-Match": "*"},
        json={} if method == "PATCH" else None,
    )

    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


async def test_clients_get_good_method_names(app: FastAPI) -> None:
    operations = [
        operation["operationId"]
        for path, methods in app.openapi()["paths"].items()
        if path.startswith(URL)
        for operation in methods.values()
    ]

    assert sorted(operations) == sorted(
        [
            "create_session",
            "delete_session",
            "get_session",
            "list_sessions",
            "update_session",
        ]
    )

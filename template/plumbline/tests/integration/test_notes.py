"""The sample over HTTP: what the platform's dependencies make of versions and pages."""

import httpx2
import pytest
from sample import PREFIX

URL = f"{PREFIX}/notes"


async def create(client: httpx2.AsyncClient, title: str = "blue") -> httpx2.Response:
    return await client.post(URL, json={"title": title})


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"1"', 200),
        ('"7", "1"', 200),
        ("*", 200),
        ('"7", *', 200),
        ('"2"', 412),
        ('"01"', 200),
        ('W/"1"', 412),
        ("1", 412),
        ('"x"', 412),
        ('"9999999999999999999"', 412),
        ("", 412),
        (None, 428),
    ],
)
async def test_write_needs_the_current_version_in_if_match(
    client: httpx2.AsyncClient, tag: str | None, status: int
) -> None:
    created = await create(client)
    headers = {} if tag is None else {"If-Match": tag}

    answer = await client.patch(created.headers["location"], json={"text": "new"}, headers=headers)

    assert created.headers["etag"] == '"1"'
    assert answer.status_code == status
    assert answer.headers.get("etag") == ('"2"' if status == 200 else None)


async def test_pages_have_neither_gap_nor_overlap(client: httpx2.AsyncClient) -> None:
    for number in range(5):
        await create(client, f"note {number}")

    titles: list[str] = []
    cursor: dict[str, str] = {}
    for expected in (2, 2, 1):
        page = (await client.get(URL, params={"limit": 2, **cursor})).json()
        assert len(page["items"]) == expected
        titles += [each["title"] for each in page["items"]]
        cursor = {"cursor": page["next_cursor"]}

    assert titles == [f"note {number}" for number in range(5)]
    assert cursor == {"cursor": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor="])
async def test_invalid_page_is_answered_422(client: httpx2.AsyncClient, query: str) -> None:
    assert (await client.get(f"{URL}?{query}")).status_code == 422


async def test_deleted_note_is_not_found(client: httpx2.AsyncClient) -> None:
    place = (await create(client)).headers["location"]

    assert (await client.delete(place, headers={"If-Match": '"1"'})).status_code == 204
    assert (await client.get(place)).status_code == 404

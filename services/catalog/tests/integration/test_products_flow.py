"""A client's whole way with products, over a real connection to a real server."""

import httpx2

from catalog import PREFIX

URL = f"{PREFIX}/products"


async def test_create_find_change_and_delete(server: httpx2.AsyncClient) -> None:
    assert (await server.get("/health/ready")).json() == {"status": "ok"}

    created = await server.post(URL, json={"name": "first"})
    assert created.status_code == 201
    place = created.headers["location"]

    assert (await server.post(URL, json={"name": "first"})).status_code == 409
    assert (await server.post(URL, json={"name": "second"})).status_code == 201

    page = (await server.get(URL, params={"limit": 1})).json()
    assert [each["name"] for each in page["items"]] == ["first"]
    rest = (await server.get(URL, params={"cursor": page["next_cursor"]})).json()
    assert [each["name"] for each in rest["items"]] == ["second"]

    read = await server.get(place)
    tag = {"If-Match": read.headers["etag"]}
    changed = await server.patch(place, json={"description": "changed"}, headers=tag)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert (await server.patch(place, json={"name": "third"}, headers=tag)).status_code == 412

    assert (await server.delete(place, headers=tag)).status_code == 412
    tag = {"If-Match": changed.headers["etag"]}
    assert (await server.delete(place, headers=tag)).status_code == 204
    assert (await server.get(place)).status_code == 404

"""The whole flow of a user: register, log in, use the session, log out."""

import httpx2
from plumbline.http import COOKIE

from identity import PREFIX

URL = f"{PREFIX}/auth"
ANN = {"email": "Ann@Example.org", "password": "correct horse battery staple"}


def token_of(answer: httpx2.Response) -> str:
    """Return the token that the browser stores."""
    return answer.headers["set-cookie"].partition(";")[0].partition("=")[2]


async def test_register_log_in_use_it_and_log_out(client: httpx2.AsyncClient) -> None:
    registered = await client.post(f"{URL}/register", json=ANN)
    assert registered.status_code == 201
    assert registered.json()["email"] == "ann@example.org"
    assert (await client.post(f"{URL}/register", json=ANN)).status_code == 409
    assert (await client.get(f"{URL}/me")).status_code == 401

    entered = await client.post(f"{URL}/login", json=ANN)
    assert (entered.status_code, entered.json()) == (200, registered.json())
    assert (await client.get(f"{URL}/me")).json() == registered.json()

    token = token_of(entered)
    assert (await client.post(f"{URL}/logout")).status_code == 204
    assert COOKIE not in client.cookies
    assert (await client.get(f"{URL}/me")).status_code == 401
    stolen = {"Cookie": f"{COOKIE}={token}"}
    assert (await client.get(f"{URL}/me", headers=stolen)).status_code == 401


async def test_a_new_password_ends_all_other_sessions(
    client: httpx2.AsyncClient,
) -> None:
    await client.post(f"{URL}/register", json=ANN)
    elsewhere = {"Cookie": f"{COOKIE}={token_of(await client.post(f'{URL}/login', json=ANN))}"}
    client.cookies.clear()
    before = {"Cookie": f"{COOKIE}={token_of(await client.post(f'{URL}/login', json=ANN))}"}

    change = {"current": ANN["password"], "new": "another horse, another battery"}
    assert (await client.post(f"{URL}/change-password", json=change)).status_code == 204

    assert (await client.get(f"{URL}/me")).status_code == 200
    client.cookies.clear()
    for ended in (elsewhere, before):
        assert (await client.get(f"{URL}/me", headers=ended)).status_code == 401
    assert (await client.post(f"{URL}/login", json=ANN)).status_code == 401
    new = {"email": "ANN@EXAMPLE.ORG", "password": change["new"]}
    assert (await client.post(f"{URL}/login", json=new)).status_code == 200


async def test_a_session_can_be_seen_and_ended_from_another(client: httpx2.AsyncClient) -> None:
    await client.post(f"{URL}/register", json=ANN)
    phone = token_of(await client.post(f"{URL}/login", json=ANN, headers={"User-Agent": "a phone"}))
    client.cookies.clear()
    await client.post(f"{URL}/login", json=ANN, headers={"User-Agent": "a desk"})

    found = (await client.get(f"{URL}/sessions")).json()["items"]
    assert [(each["agent"], each["current"]) for each in found] == [
        ("a phone", False),
        ("a desk", True),
    ]
    assert (await client.delete(f"{URL}/sessions/{found[0]['id']}")).status_code == 204

    lost = {"Cookie": f"{COOKIE}={phone}"}
    assert len((await client.get(f"{URL}/sessions")).json()["items"]) == 1
    client.cookies.clear()
    assert (await client.get(f"{URL}/me", headers=lost)).status_code == 401


async def test_logging_out_everywhere_ends_all_sessions(client: httpx2.AsyncClient) -> None:
    await client.post(f"{URL}/register", json=ANN)
    elsewhere = {"Cookie": f"{COOKIE}={token_of(await client.post(f'{URL}/login', json=ANN))}"}
    client.cookies.clear()
    await client.post(f"{URL}/login", json=ANN)

    assert (await client.post(f"{URL}/logout-everywhere")).status_code == 204

    assert COOKIE not in client.cookies
    assert (await client.get(f"{URL}/me", headers=elsewhere)).status_code == 401

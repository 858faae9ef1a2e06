"""A credential that ends while it is in use: no request that begins later succeeds."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx2
import pytest
from fastapi import FastAPI
from plumbline.database import Database
from plumbline.http import COOKIE
from plumbline.testing.client import client_of

from identity import PREFIX
from identity.main import SERVICE
from identity.settings import Settings

URL = f"{PREFIX}/auth"
USERS = 8


async def while_in_use(
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    end: Callable[[], Awaitable[httpx2.Response]],
) -> Counter[tuple[bool, int]]:
    """End a credential in use; count (began after the end was acknowledged, status)."""
    seen: Counter[tuple[bool, int]] = Counter()
    in_use, ended = asyncio.Event(), asyncio.Event()

    async def use() -> None:
        after = 0
        while after < 5:
            began_after = ended.is_set()
            answer = await client.get(f"{URL}/me", headers=headers)
            seen[began_after, answer.status_code] += 1
            after += began_after
            if sum(seen.values()) == 5 * USERS:
                in_use.set()

    using = [asyncio.create_task(use()) for _ in range(USERS)]
    await in_use.wait()
    answer = await end()
    ended.set()
    assert answer.status_code == 204
    await asyncio.gather(*using)
    return seen


def judge(seen: Counter[tuple[bool, int]]) -> None:
    assert {status for _, status in seen} == {200, 401}
    assert seen[False, 200] > 0
    assert seen[True, 200] == 0
    assert seen[True, 401] == 5 * USERS


async def test_after_logging_out_no_request_succeeds(ann_client: httpx2.AsyncClient) -> None:
    cookie = {"Cookie": f"{COOKIE}={ann_client.cookies[COOKIE]}"}

    judge(await while_in_use(ann_client, cookie, lambda: ann_client.post(f"{URL}/logout")))


async def test_after_revoking_a_key_no_request_succeeds(
    ann_client: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
) -> None:
    wanted = {"name": "x", "scopes": ["account:read"]}
    made = (await ann_client.post(f"{URL}/api-keys", json=wanted)).json()
    key = {"Authorization": f"Bearer {made['key']}"}

    place = f"{URL}/api-keys/{made['id']}"
    judge(await while_in_use(client, key, lambda: ann_client.delete(place)))


@pytest.fixture
async def elsewhere(database: Database) -> FastAPI:
    """Another process of the service: with connections of its own, on the same database."""
    return SERVICE.create_app(Settings(_env_file=None, database_url=database.url))


async def test_ended_session_is_invalid_at_once_in_other_processes(
    ann_client: httpx2.AsyncClient,
    elsewhere: FastAPI,
) -> None:
    cookie = {"Cookie": f"{COOKIE}={ann_client.cookies[COOKIE]}"}
    async with elsewhere.router.lifespan_context(elsewhere), client_of(elsewhere) as client:
        seen = await while_in_use(client, cookie, lambda: ann_client.post(f"{URL}/logout"))

    judge(seen)

"""Readers do not wait for a writer."""

import asyncio

import httpx2
from plumbline.database import Database
from sqlalchemy import select

from identity import PREFIX
from identity.modules.users.models import User

URL = f"{PREFIX}/auth"


async def test_readers_do_not_wait_for_a_writer(
    ann_client: httpx2.AsyncClient,
    database: Database,
) -> None:
    async with database.write() as writer:
        await writer.execute(select(User))  # takes the lock
        urls = [f"{URL}/{path}" for path in ("me", "sessions", "api-keys")]
        answers = await asyncio.gather(*(ann_client.get(url) for url in urls * 10))

    assert [answer.status_code for answer in answers] == [200] * 30

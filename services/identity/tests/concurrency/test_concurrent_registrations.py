"""Concurrent registrations of one e-mail: one succeeds, and its password is stored."""

import asyncio
from collections import Counter

import httpx2
from plumbline.database import Database
from sqlalchemy import func, select

from identity import PREFIX
from identity.modules.users.models import User

URL = f"{PREFIX}/auth"
MANY = 50


def credentials(number: int) -> dict[str, str]:
    email = "ann@example.org"
    written = "".join(
        letter.upper() if number >> place & 1 else letter for place, letter in enumerate(email)
    )
    return {"email": written, "password": f"horse number {number} on a staple"}


async def test_of_50_registrations_of_one_address_one_succeeds(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    async def register(number: int) -> int:
        answer = await client.post(f"{URL}/register", json=credentials(number))
        return answer.status_code

    statuses = await asyncio.gather(*(register(number) for number in range(MANY)))

    assert Counter(statuses) == {201: 1, 409: MANY - 1}
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
    winner = credentials(statuses.index(201))
    assert (await client.post(f"{URL}/login", json=winner)).status_code == 200
    loser = credentials(statuses.index(409))
    assert (await client.post(f"{URL}/login", json=loser)).status_code == 401

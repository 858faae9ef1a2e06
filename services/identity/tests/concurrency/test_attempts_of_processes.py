"""Guessing through several processes, at once, and past a restart: the limit holds for all."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx2

from identity.modules.attempts import Settings
from identity.testing.serving import serve_alone

URL = "/api/v1/auth"
LIMIT = Settings().per_account
WRONG = {"email": "ann@example.org", "password": "a password that Bob can remember"}


async def guess(address: str, times: int) -> list[httpx2.Response]:
    async with httpx2.AsyncClient(base_url=address, verify=False, timeout=20) as client:
        guesses = (client.post(f"{URL}/login", json=WRONG) for _ in range(times))
        return await asyncio.gather(*guesses)


async def test_the_limit_holds_across_processes_and_a_restart(fresh: str, tmp_path: Path) -> None:
    async with serve_alone(fresh, tmp_path) as one, serve_alone(fresh, tmp_path) as other:
        of_both = await asyncio.gather(guess(one.address, LIMIT), guess(other.address, LIMIT))
    async with serve_alone(fresh, tmp_path) as again:
        (later,) = await guess(again.address, 1)

    statuses = Counter(answer.status_code for answers in of_both for answer in answers)
    assert statuses == {401: LIMIT, 429: LIMIT}
    assert later.status_code == 429
    assert 0 < int(later.headers["retry-after"]) <= Settings().minutes * 60

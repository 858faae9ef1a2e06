"""Rate limit of logins across processes, with concurrent attempts, and after a restart."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx2
from plumbline import Service
from plumbline.testing.load import ANSWER_TIMEOUT
from plumbline.testing.serving import serve_process

from identity import PREFIX
from identity.modules.attempts import Settings as AttemptSettings
from identity.settings import Settings

URL = f"{PREFIX}/auth"
RULES = AttemptSettings()
WRONG = {"email": "ann@example.org", "password": "a password that Bob can remember"}


async def guess(address: str, times: int) -> list[httpx2.Response]:
    async with httpx2.AsyncClient(base_url=address, verify=False, timeout=ANSWER_TIMEOUT) as client:
        guesses = (client.post(f"{URL}/login", json=WRONG) for _ in range(times))
        return await asyncio.gather(*guesses)


async def test_rate_limit_holds_across_processes_and_a_restart(
    plumbline_service: Service[Settings], database_url: str, tmp_path: Path
) -> None:
    limit = RULES.per_account
    async with (
        serve_process(plumbline_service, database_url, tmp_path) as one,
        serve_process(plumbline_service, database_url, tmp_path) as other,
    ):
        of_both = await asyncio.gather(guess(one.address, limit), guess(other.address, limit))
    async with serve_process(plumbline_service, database_url, tmp_path) as again:
        (later,) = await guess(again.address, 1)

    statuses = Counter(answer.status_code for answers in of_both for answer in answers)
    assert statuses == {401: limit, 429: limit}
    assert later.status_code == 429
    assert 0 < int(later.headers["retry-after"]) <= RULES.minutes * 60

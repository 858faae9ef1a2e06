"""A request whose transaction was undone for the sake of another one is served again."""

import httpx2
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel

from {{ package }} import database
from {{ package }}.errors import TryAgain


class Told(BaseModel):
    """What the endpoint below was asked."""

    text: str


@pytest.fixture
def refusals(app: FastAPI) -> list[int]:
    """How often the endpoint `/told` is refused: as often as there are numbers in it."""
    refusals: list[int] = []

    @app.post("/told", include_in_schema=False)
    async def tell(request: Request) -> Told:
        told = Told.model_validate_json(await request.body())
        if refusals:
            refusals.pop()
            raise TryAgain
        return told

    return refusals


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_it_is_served_again_with_the_same_body(
    client: httpx2.AsyncClient,
    refusals: list[int],
    times: int,
) -> None:
    refusals += range(times)

    answer = await client.post("/told", json={"text": "once"})

    assert answer.json() == {"text": "once"}
    assert refusals == []


async def test_it_is_answered_503_when_it_is_refused_every_time(
    client: httpx2.AsyncClient,
    refusals: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "ATTEMPTS", 2)
    refusals += range(9)

    answer = await client.post("/told", json={"text": "never"})

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["detail"] == "Too many change the same at once; try again."

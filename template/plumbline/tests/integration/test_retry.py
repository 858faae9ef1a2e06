"""A request is retried when its transaction was rolled back because a concurrent one won."""

import httpx2
import pytest
from fastapi import FastAPI, Request
from plumbline import SerializationFailure
from plumbline.database import database
from pydantic import BaseModel


class Message(BaseModel):
    """What the endpoint below receives and returns."""

    text: str


@pytest.fixture
def failures(app: FastAPI) -> list[int]:
    """The endpoint `/echo` fails as often as there are numbers in this list."""
    failures: list[int] = []

    @app.post("/echo", include_in_schema=False)
    async def echo(request: Request) -> Message:
        message = Message.model_validate_json(await request.body())
        if failures:
            failures.pop()
            raise SerializationFailure
        return message

    return failures


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_request_is_retried_with_the_same_body(
    client: httpx2.AsyncClient,
    failures: list[int],
    times: int,
) -> None:
    failures += range(times)

    answer = await client.post("/echo", json={"text": "once"})

    assert answer.json() == {"text": "once"}
    assert failures == []


async def test_request_that_fails_every_time_is_answered_503(
    client: httpx2.AsyncClient,
    failures: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "ATTEMPTS", 2)
    failures += range(9)

    answer = await client.post("/echo", json={"text": "never"})

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["detail"] == "Too many concurrent changes of the same data; try again."
    assert len(failures) == 9 - (1 + 2 + 1)  # the first attempt, the retries, and the last one

"""What every request gets, whatever it asks for: an id and a line in the log."""

import httpx2
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs


async def test_request_id_of_the_caller_is_returned_and_logged(client: httpx2.AsyncClient) -> None:
    with capture_logs(processors=[merge_contextvars]) as logged:
        answer = await client.get("/health/live", headers={"X-Request-ID": "caller-1"})

    assert answer.headers["x-request-id"] == "caller-1"
    assert [line["request_id"] for line in logged] == ["caller-1"]
    assert logged[0].items() >= {"method": "GET", "path": "/health/live", "status": 200}.items()


async def test_request_without_an_id_gets_a_new_one(client: httpx2.AsyncClient) -> None:
    first = (await client.get("/health/live")).headers["x-request-id"]
    second = (await client.get("/health/live")).headers["x-request-id"]

    assert first
    assert first != second


@pytest.mark.parametrize("forged", ["a b", "x" * 129, "line\tbreak", ""])
async def test_request_id_that_could_forge_a_log_line_is_replaced(
    client: httpx2.AsyncClient,
    forged: str,
) -> None:
    answer = await client.get("/health/live", headers={"X-Request-ID": forged})

    assert answer.headers["x-request-id"] != forged

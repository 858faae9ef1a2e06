"""Every error is answered as problem details, without anything that is only for the log."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI
from plumbline import errors
from plumbline.database import Database
from plumbline.http import ReadSession, WriteSession
from plumbline.http.problems import STATUSES
from sqlalchemy import text
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

INTERNAL = "for the log alone"


async def test_unknown_path_is_answered_404_with_problem_details(
    client: httpx2.AsyncClient,
) -> None:
    missing = await client.get("/nowhere")

    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "instance": "/nowhere",
    }


async def test_unknown_method_is_answered_405_with_the_known_ones(
    client: httpx2.AsyncClient,
) -> None:
    refused = await client.put("/health/live")

    assert refused.status_code == 405
    assert refused.json()["title"] == "Method Not Allowed"
    assert refused.headers["allow"] == "GET"


def add_route(app: FastAPI, error: Exception) -> None:
    @app.get("/failing", include_in_schema=False)
    async def fail() -> None:
        raise error


@pytest.mark.parametrize("kind", sorted(STATUSES, key=str), ids=lambda kind: kind.__name__)
async def test_domain_error_is_answered_with_its_status(
    app: FastAPI,
    client: httpx2.AsyncClient,
    kind: type[errors.ServiceError],
) -> None:
    add_route(app, kind("It is so."))

    answer = await client.get("/failing")

    assert answer.status_code == STATUSES[kind]
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_domain_error_of_the_platform_has_a_status() -> None:
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    ours = {each for each in found if issubclass(each, errors.ServiceError)}

    assert {*STATUSES} == ours - {errors.ServiceError}


async def test_derived_error_has_the_status_of_its_parent(
    app: FastAPI,
    client: httpx2.AsyncClient,
) -> None:
    class AlreadySold(errors.Conflict):
        pass

    add_route(app, AlreadySold("It is sold."))

    answer = await client.get("/failing")

    assert (answer.status_code, answer.json()["detail"]) == (409, "It is sold.")


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (errors.Unauthenticated("Who are you?"), "www-authenticate", "Bearer"),
        (errors.TooManyAttempts("Wait.", 90), "retry-after", "90"),
        (errors.DependencyUnavailable("Not now.", 5), "retry-after", "5"),
    ],
)
async def test_header_says_when_to_retry_or_how_to_authenticate(
    app: FastAPI,
    client: httpx2.AsyncClient,
    error: errors.ServiceError,
    header: str,
    value: str,
) -> None:
    add_route(app, error)

    assert (await client.get("/failing")).headers[header] == value


async def test_unexpected_error_is_answered_500_without_details_and_logged_with_the_request_id(
    app: FastAPI,
    client: httpx2.AsyncClient,
) -> None:
    add_route(app, RuntimeError(INTERNAL))

    with capture_logs(processors=[merge_contextvars]) as logged:
        answer = await client.get("/failing", headers={"X-Request-ID": "abc-1"})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "instance": "/failing",
    }
    failure = next(line for line in logged if line["event"] == "request.failed")
    assert (failure["request_id"], failure["exc_info"]) == ("abc-1", True)


async def test_unavailable_database_is_answered_503_without_details_and_logged(
    app: FastAPI,
    client: httpx2.AsyncClient,
) -> None:
    add_route(app, errors.Unavailable(INTERNAL))

    with capture_logs() as logged:
        answer = await client.get("/failing")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert INTERNAL not in answer.text
    assert any(line.get("reason") == INTERNAL for line in logged)


async def test_pool_timeout_is_answered_503(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    @app.post("/writing", include_in_schema=False)
    async def write(session: WriteSession) -> None:
        await session.execute(text("SELECT 1"))

    async with (
        Database(database.url, connections=2, pool_timeout=0.05) as small,
        small.write() as writer,
        small.read() as reader,
    ):
        for session in (writer, reader):
            await session.execute(text("SELECT 1"))
        app.state.database = small
        answer = await client.post("/writing")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(20):
        yield b" " * 100_000


@pytest.mark.parametrize("body", [b" " * 2_000_000, pieces()], ids=["announced", "unannounced"])
async def test_body_that_is_too_large_is_answered_413(
    app: FastAPI,
    client: httpx2.AsyncClient,
    body: bytes | AsyncIterator[bytes],
) -> None:
    @app.post("/lines", include_in_schema=False)
    async def count(lines: list[str]) -> int:
        return len(lines)

    refused = await client.post("/lines", content=body)

    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"


async def test_write_is_committed_before_the_response(
    app: FastAPI,
    client: httpx2.AsyncClient,
) -> None:
    @app.post("/dangling", include_in_schema=False)
    async def leave_a_dangling_key(session: WriteSession) -> None:
        await session.execute(text("CREATE TABLE _parent (id INTEGER PRIMARY KEY)"))
        await session.execute(
            text(
                "CREATE TABLE _child"
                " (parent INTEGER REFERENCES _parent DEFERRABLE INITIALLY DEFERRED)"
            )
        )
        await session.execute(text("INSERT INTO _child VALUES (1)"))  # only the commit will fail

    answer = await client.post("/dangling")

    assert answer.status_code == 409


async def test_read_has_ended_before_the_response(
    app: FastAPI,
    database: Database,
) -> None:
    @app.get("/reading")
    async def read(session: ReadSession) -> None:
        await session.execute(text("SELECT 1"))

    in_use = []

    async def send(_: object) -> None:
        in_use.append(database.reader.pool.status())

    scope: dict[str, object] = {"type": "http", "method": "GET", "path": "/reading"}
    scope |= {"headers": [], "query_string": b"", "root_path": "", "server": ("test", 443)}
    await app(scope, asyncio.Queue().get, send)

    assert in_use
    assert all("Checked out connections: 0" in status for status in in_use)

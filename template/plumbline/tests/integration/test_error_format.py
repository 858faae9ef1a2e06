"""A team's own format of errors: in every response, and in the OpenAPI document."""

from collections.abc import AsyncIterator

import httpx2
import plumbline
import pytest
from fastapi import FastAPI
from plumbline import SerializationFailure, Unauthenticated, Unavailable
from plumbline.database import Database, database
from plumbline.http import ErrorFormat, Failure, InvalidField
from plumbline.testing import service_checks
from plumbline.testing.client import client_of
from pydantic import BaseModel
from sample.settings import Settings

MEDIA_TYPE = "application/vnd.team.error+json"
LIMIT = 1000  # bytes of a body


class TeamError(BaseModel):
    """The body of an error, as the team wants it."""

    code: int
    message: str
    path: str
    fields: list[InvalidField]


def render(failure: Failure) -> TeamError:
    return TeamError(
        code=failure.status,
        message=failure.detail or failure.title,
        path=failure.path,
        fields=failure.invalid,
    )


@pytest.fixture
async def app(database: Database) -> AsyncIterator[FastAPI]:
    """The sample with that format, below another prefix."""
    app = plumbline.create_app(
        "sample",
        Settings(_env_file=None, database_url=database.url, max_body_bytes=LIMIT),
        database,
        title="sample",
        description="A service with a format of its own.",
        prefix="/v2",
        error_format=ErrorFormat(render, MEDIA_TYPE),
    )

    @app.post("/failing", include_in_schema=False)
    async def fail() -> None:
        raise app.state.error

    async with app.router.lifespan_context(app):
        yield app


async def test_modules_are_served_below_the_prefix_and_health_beside_it(
    client: httpx2.AsyncClient,
) -> None:
    created = await client.post("/v2/notes", json={"title": "blue"})

    assert created.status_code == 201
    assert created.headers["location"].startswith("/v2/notes/")
    assert (await client.get("/api/v1/notes")).status_code == 404
    assert (await client.get("/health/ready")).status_code == 200
    assert (await client.get("/v2/health/ready")).status_code == 404


async def pieces() -> AsyncIterator[bytes]:
    yield b'{"title": "'
    for _ in range(20):
        yield b"x" * (LIMIT // 10)


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/nowhere", None, (404, "Not Found")),
        ("PUT", "/v2/notes", None, (405, "Method Not Allowed")),
        ("POST", "/v2/notes", b'{"title": "taken"}', (409, "This title is already taken.")),
        ("POST", "/v2/notes", b"{" + b" " * LIMIT, (413, "Request Entity Too Large")),
        ("POST", "/v2/notes", pieces, (413, "Request Entity Too Large")),
    ],
)
async def test_error_of_a_request_has_the_format(
    client: httpx2.AsyncClient,
    method: str,
    path: str,
    body: object,
    expected: tuple[int, str],
) -> None:
    await client.post("/v2/notes", json={"title": "taken"})
    content = pieces() if body is pieces else body

    refused = await client.request(
        method,
        path,
        content=content,  # type: ignore[arg-type]  # one of those that it takes
        headers={"Content-Type": "application/json"},
    )

    assert refused.status_code == expected[0]
    assert refused.headers["content-type"] == MEDIA_TYPE
    assert refused.json() == {
        "code": expected[0],
        "message": expected[1],
        "path": path,
        "fields": [],
    }


async def test_validation_error_has_the_format_and_names_its_fields(
    client: httpx2.AsyncClient,
) -> None:
    refused = await client.post("/v2/notes", json={"title": ""})

    assert refused.status_code == 422
    assert refused.headers["content-type"] == MEDIA_TYPE
    assert [each["location"] for each in refused.json()["fields"]] == ["body.title"]


@pytest.mark.parametrize(
    ("error", "status", "header"),
    [
        (Unauthenticated("Log in."), 401, "www-authenticate"),
        (RuntimeError("for the log alone"), 500, "x-request-id"),
        (Unavailable("for the log alone"), 503, "retry-after"),
        (SerializationFailure("for the log alone"), 503, "retry-after"),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Exception) else None,
)
async def test_error_of_the_service_has_the_format(  # noqa: PLR0913, PLR0917 - fixtures
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    header: str,
) -> None:
    monkeypatch.setattr(database, "ATTEMPTS", 1)
    app.state.error = error

    failed = await client.post("/failing")

    assert failed.status_code == failed.json()["code"] == status
    assert failed.headers["content-type"] == MEDIA_TYPE
    assert failed.json().keys() == TeamError.model_fields.keys()
    assert "for the log alone" not in failed.text
    assert header in failed.headers


async def test_openapi_document_shows_the_format(app: FastAPI) -> None:
    await service_checks.test_every_operation_can_fail_and_describes_how(app)

    schemas = app.openapi()["components"]["schemas"]
    assert schemas["TeamError"]["required"] == ["code", "message", "path", "fields"]
    assert "InvalidField" in schemas
    assert "Problem" not in schemas


async def test_response_in_another_format_is_noticed(app: FastAPI) -> None:
    app.state.error_format = plumbline.http.PROBLEM_DETAILS

    async with client_of(app) as client:
        with pytest.raises(AssertionError, match=r"as application/problem\+json, not"):
            await client.post("/v2/notes", json={})


def test_format_without_a_model_is_refused() -> None:
    def render_without(failure: Failure):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the mistake
        return TeamError(code=failure.status, message="", path="", fields=[])

    with pytest.raises(TypeError, match="render_without needs a Pydantic model as its return"):
        _ = ErrorFormat(render_without).model

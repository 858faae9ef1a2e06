"""Callers, as the identity service knows them: accepted, refused, or asked to retry later."""

import asyncio
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import httpx2
import plumbline
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.requests import HTTPConnection
from plumbline import Caller, Carrier
from plumbline.database import Database
from plumbline.http import COOKIE, needs
from plumbline.http.access import identity_client
from plumbline.http.access.identity_client import MAX_LENGTH, PATH
from plumbline.http.access.verifier import NoVerifier
from plumbline.testing.client import client_of
from plumbline.testing.identity import StandIn
from plumbline.testing.serving import serve
from sample.app import create_app
from sample.modules.access.settings import Settings as AccessSettings
from sample.settings import Settings
from structlog.testing import capture_logs

URL = "/planted"
KEY = "ids_secret"
CALLER = {
    "active": True,
    "user": str(uuid4()),
    "credential": str(uuid4()),
    "scopes": ["planted:read"],
    "expires_at": "2026-01-01T00:00:00Z",
}
ANY_KEY = {"Authorization": "Bearer idk_any"}

Answer = Callable[[httpx2.Request], httpx2.Response]


async def read(caller: Annotated[Caller, needs("planted:read")]) -> UUID:
    """Return the user who asks."""
    return caller.user


async def write(caller: Annotated[Caller, needs("planted:write")]) -> UUID:
    """Return the user who writes."""
    return caller.user


def plant(app: FastAPI, *, described: bool = False) -> None:
    """Add two endpoints that need a caller."""
    app.get(URL, include_in_schema=described)(read)
    app.post(URL, include_in_schema=described)(write)


@pytest.fixture
def client(app: FastAPI, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    plant(app)
    return client


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> list[httpx2.Request]:
    """Let identity give these answers, the last one for good; return what it was asked."""
    asked: list[httpx2.Request] = []
    connect = identity_client.connect

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1](request)

    def connect_to_it(settings: AccessSettings) -> httpx2.AsyncClient:
        client = connect(settings)
        client._transport = httpx2.MockTransport(answer)  # noqa: SLF001 - all else is production's
        return client

    monkeypatch.setattr(identity_client, "connect", connect_to_it)
    return asked


def status(code: int, **how: object) -> Answer:
    return lambda _: httpx2.Response(code, **how)  # type: ignore[arg-type]  # what it takes


def failing(error: Exception) -> Answer:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    return fail


# Accepted, or refused


def test_cookie_has_the_host_prefix() -> None:
    assert COOKIE == "__Host-session"  # browsers let no other host set it


async def test_request_without_a_credential_is_refused_without_asking_identity(
    client: httpx2.AsyncClient,
    identity: StandIn,
) -> None:
    refused = await client.get(URL)

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert identity.asked == 0


async def test_session_permits_everything_and_an_api_key_its_scopes(
    client: httpx2.AsyncClient,
    identity: StandIn,
) -> None:
    user = uuid4()
    for headers, read, written in (
        (identity.session(user), 200, 200),
        (identity.key("planted:read", user=user), 200, 403),
        (identity.key("planted:write", "planted:read", user=user), 200, 200),
        (identity.key(user=user), 403, 403),
    ):
        found = await client.get(URL, headers=headers)
        assert found.status_code == read
        assert read != 200 or found.json() == str(user)
        assert (await client.post(URL, headers=headers)).status_code == written


async def test_revoked_credential_is_invalid_at_once(
    client: httpx2.AsyncClient,
    identity: StandIn,
) -> None:
    both = identity.session(), identity.key("planted:read")
    for headers in both:
        assert (await client.get(URL, headers=headers)).status_code == 200

    identity.revoke_all()

    for headers in both:
        assert (await client.get(URL, headers=headers)).status_code == 401


async def test_of_two_credentials_the_api_key_counts(
    client: httpx2.AsyncClient,
    identity: StandIn,
) -> None:
    ann, bob = uuid4(), uuid4()
    both = identity.session(ann) | identity.key("planted:read", user=bob)

    assert (await client.get(URL, headers=both)).json() == str(bob)
    assert (await client.post(URL, headers=both)).status_code == 403
    assert (await client.get(URL, headers=both | ANY_KEY)).status_code == 401


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://test"}, 200),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
    ],
    ids=str,
)
async def test_csrf_write_from_another_site_with_a_session_cookie_is_refused(
    client: httpx2.AsyncClient,
    identity: StandIn,
    headers: dict[str, str],
    answer: int,
) -> None:
    session, key = identity.session(), identity.key("planted:write")

    assert (await client.post(URL, headers=session | headers)).status_code == answer
    assert (await client.get(URL, headers=session | headers)).status_code == 200
    assert (await client.post(URL, headers=key | headers)).status_code == 200


@pytest.mark.parametrize(
    "secret",
    [
        *(b"x", b"\xc3\xa4\xff", b"x" * MAX_LENGTH, b"x" * (MAX_LENGTH + 1), b"x" * 20_000),
        *(b'"\\', b"a b"),
    ],
    ids=lambda secret: f"{secret[:4]!r} {len(secret)}",
)
@pytest.mark.parametrize("carrier", [b"Bearer ", COOKIE.encode() + b"="])
async def test_odd_credential_is_invalid(
    client: httpx2.AsyncClient,
    identity: StandIn,
    carrier: bytes,
    secret: bytes,
) -> None:
    name = b"Authorization" if carrier == b"Bearer " else b"Cookie"

    refused = await client.get(URL, headers=[(name, carrier + secret)])

    assert refused.status_code == 401
    assert identity.asked == (len(secret) <= MAX_LENGTH)


# What identity is asked, and what happens when it cannot be


async def test_identity_is_asked_once_for_a_request_with_the_key_of_this_service(
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = AccessSettings(identity_url="https://identity.test/behind", key=KEY)
    monkeypatch.setitem(app.state.module_settings, AccessSettings, settings)
    asked = answering(monkeypatch, status(200, json=CALLER))

    with capture_logs() as logged:
        assert (await client.get(URL, headers=ANY_KEY)).json() == CALLER["user"]

    [question] = asked
    assert question.url == f"https://identity.test/behind{PATH}"
    assert question.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(question.content) == {"carrier": "api_key", "secret": "idk_any"}
    assert not [line for line in logged if KEY in str(line) or "idk_any" in str(line)]


NONSENSE = [
    b"",
    b"<html>",
    b"[]",
    b"{}",
    b'{"active": null}',
    b'{"active": true}',
    *(
        json.dumps({name: value for name, value in CALLER.items() if name != missing}).encode()
        for missing in CALLER
    ),
    json.dumps(CALLER | {"user": "ann"}).encode(),
    json.dumps(CALLER | {"scopes": "planted:read"}).encode(),
]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(401), "does not accept the key of this service: its introspection must know"),
        (status(302, headers={"Location": "https://evil.test"}), "answered 302"),
        (status(403), "answered 403"),
        (status(404), "answered 404"),
        (status(422), "answered 422"),
        (status(500), "answered 500"),
        (status(503), "answered 503"),
        (failing(httpx2.ConnectError("refused")), "no answer .ConnectError"),
        (failing(httpx2.ReadError("reset")), "no answer .ReadError"),
        (failing(httpx2.PoolTimeout("none is free")), "no answer .PoolTimeout"),
        *((status(200, content=each), "its answer names no caller") for each in NONSENSE),
    ],
)
async def test_while_identity_is_unavailable_callers_are_asked_to_retry(
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    reason: str,
) -> None:
    asked = answering(monkeypatch, answer)

    with capture_logs() as logged:
        first = await client.get(URL, headers=ANY_KEY)
        second = await client.get(URL, headers={"Cookie": f"{COOKIE}=any"})

    for refused in (first, second):
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["detail"] == "The identity service is unavailable; try again."
    assert len(asked) == 2
    [line] = [line for line in logged if line["event"] == "identity.unavailable"]
    assert re.search(reason, line["reason"])


async def test_trouble_is_logged_again_after_it_was_over(
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    down, up = status(500), status(200, json=CALLER)
    answering(monkeypatch, down, down, up, down, status(401))

    with capture_logs() as logged:
        found = [(await client.get(URL, headers=ANY_KEY)).status_code for _ in range(5)]

    assert found == [503, 503, 200, 503, 503]
    assert len([line for line in logged if line["event"] == "identity.unavailable"]) == 3


async def test_timeout_ends_the_wait_for_an_answer_that_never_comes(
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = FastAPI()
    waits: list[asyncio.Event] = []

    @silent.post(PATH)
    async def wait() -> None:
        waits.append(asyncio.Event())
        await waits[-1].wait()

    async with serve(silent) as address:
        settings = AccessSettings(identity_url=address, seconds=0.05)
        monkeypatch.setitem(app.state.module_settings, AccessSettings, settings)
        assert (await client.get(URL, headers=ANY_KEY)).status_code == 503
        for each in waits:
            each.set()

    assert len(waits) <= 1  # a slow machine may not even have sent the request


async def test_refused_connection_to_identity_answers_503(
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve(FastAPI()) as address:
        pass  # its port is free now
    settings = AccessSettings(identity_url=address)
    monkeypatch.setitem(app.state.module_settings, AccessSettings, settings)

    assert (await client.get(URL, headers=ANY_KEY)).status_code == 503


# From start to stop


async def test_connections_to_identity_live_as_long_as_the_application(
    database: Database,
    identity: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[httpx2.AsyncClient] = []

    def connect(settings: AccessSettings) -> httpx2.AsyncClient:
        made.append(identity.connect(settings))
        return made[-1]

    monkeypatch.setattr(identity_client, "connect", connect)
    app = create_app(Settings(_env_file=None, database_url=database.url), database)
    plant(app)

    for starts in (1, 2):
        async with app.router.lifespan_context(app), client_of(app) as client:
            for _ in range(2):
                await client.get(URL, headers=identity.session())
            assert len(made) == starts
            assert not made[-1].is_closed
        assert made[-1].is_closed


async def test_callers_are_known_whichever_modules_are_enabled(
    database: Database,
    identity: StandIn,
) -> None:
    settings = Settings(_env_file=None, database_url=database.url, modules=())
    app = create_app(settings, database)
    plant(app)

    async with app.router.lifespan_context(app), client_of(app) as client:
        assert (await client.get(URL)).status_code == 401
        assert (await client.get(URL, headers=ANY_KEY)).status_code == 401
        assert (await client.get(URL, headers=identity.session())).status_code == 200


async def test_service_without_settings_of_identity_says_how_to_add_them(
    database: Database,
) -> None:
    settings = Settings(_env_file=None, database_url=database.url)
    app = create_app(settings, database, module_settings={})
    plant(app)

    with capture_logs() as logged:
        async with app.router.lifespan_context(app), client_of(app) as client:
            assert (await client.get(URL)).status_code == 401
            assert (await client.get(URL, headers=ANY_KEY)).status_code == 500

    assert [line["event"] for line in logged if "exc_info" in line] == ["request.failed"]
    assert "nox -s new -- <service>/access" in str(NoVerifier.__doc__)


async def test_verifier_of_the_application_is_asked_instead_of_identity(
    database: Database, identity: StandIn
) -> None:
    asked: list[tuple[Carrier, str]] = []

    async def verifier(connection: HTTPConnection, carrier: Carrier, secret: str) -> Caller | None:
        asked.append((carrier, secret))
        assert connection.app is app
        return None

    app = plumbline.create_app(
        "sample",
        Settings(_env_file=None, database_url=database.url),
        database,
        title="sample",
        description="A service with a verifier of its own.",
        verifier=verifier,
    )
    plant(app)

    async with app.router.lifespan_context(app), client_of(app) as client:
        assert (await client.get(URL, headers=ANY_KEY)).status_code == 401
        assert (await client.get(URL, headers={"Cookie": f"{COOKIE}=any"})).status_code == 401

    assert asked == [("api_key", "idk_any"), ("session", "any")]
    assert identity.asked == 0


async def test_stand_in_serves_other_processes_too(identity_server: StandIn) -> None:
    settings = AccessSettings(_env_prefix="SAMPLE_ACCESS_")
    key = identity_server.key("planted:read")["Authorization"].removeprefix("Bearer ")
    async with httpx2.AsyncClient(base_url=str(settings.identity_url), verify=False) as http:
        answer = await http.post(PATH, json={"carrier": "api_key", "secret": key})

    assert answer.json()["scopes"] == ["planted:read"]


def test_http_client_is_a_dependency_in_production_too() -> None:
    project = Path(__file__).parents[2].joinpath("pyproject.toml").read_text(encoding="utf-8")

    needed = tomllib.loads(project)["project"]["dependencies"]
    assert [name for name in needed if name.startswith("httpx2")], 'add "httpx2" to dependencies'


# What endpoints declare


def test_document_describes_the_scopes_that_an_endpoint_needs() -> None:
    app = FastAPI()
    plant(app, described=True)

    document = app.openapi()

    schemes = document["components"]["securitySchemes"]
    assert schemes["session"].items() >= {"type": "apiKey", "in": "cookie", "name": COOKIE}.items()
    assert schemes["api_key"].items() >= {"type": "http", "scheme": "bearer"}.items()
    for method, scope in (("get", "planted:read"), ("post", "planted:write")):
        assert {"api_key": [scope]} in document["paths"][URL][method]["security"]
        assert {"session": [scope]} in document["paths"][URL][method]["security"]


async def test_whole_router_can_need_a_caller(app: FastAPI, identity: StandIn) -> None:
    router = APIRouter(dependencies=[needs("planted:read")], include_in_schema=False)
    router.get("/planted/open")(lambda: "read")
    app.include_router(router)

    async with client_of(app) as client:
        assert (await client.get("/planted/open")).status_code == 401
        allowed = await client.get("/planted/open", headers=identity.key("planted:read"))
        assert allowed.status_code == 200


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("Token", 200),
        ("token", 200),
        ("Bearer", 401),
    ],
)
async def test_auth_scheme_of_the_application_is_accepted_asked_for_and_described(
    database: Database, identity: StandIn, given: str, answer: int
) -> None:
    app = plumbline.create_app(
        "sample",
        Settings(_env_file=None, database_url=database.url),
        database,
        title="sample",
        description="A service with an authentication scheme of its own.",
        auth_scheme="Token",
    )
    plant(app, described=True)
    key = identity.key("planted:read")["Authorization"].removeprefix("Bearer ")

    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="https://test"
        ) as client,
    ):
        found = await client.get(URL, headers={"Authorization": f"{given} {key}"})
        refused = await client.get(URL)

    assert found.status_code == answer
    assert refused.headers["www-authenticate"] == "Token"
    assert app.openapi()["components"]["securitySchemes"]["api_key"]["scheme"] == "token"

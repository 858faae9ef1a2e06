"""Callers, as the identity service knows them: let in, refused, or told to come back."""

import asyncio
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, get_args
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from structlog.testing import capture_logs

from {{ package }}.app import create_app
from {{ package }}.database import Database
from {{ package }}.dependencies import ReadSession, WriteSession
from {{ package }}.modules.access import Caller, verification
from {{ package }}.modules.access.caller import COOKIE
from {{ package }}.modules.access.dependencies import get_caller, needs
from {{ package }}.modules.access.fixtures import StandIn
from {{ package }}.modules.access.settings import Settings as AccessSettings
from {{ package }}.modules.access.verification import LONGEST, PATH
from {{ package }}.settings import Settings
from {{ package }}.testing.clients import client_of
from {{ package }}.testing.serving import serve

URL = "/planted"
KEY = "ids_secret"
SOMEBODY = {
    "active": True,
    "user": str(uuid4()),
    "credential": str(uuid4()),
    "scopes": ["planted:read"],
    "expires_at": "2026-01-01T00:00:00Z",
}
ANY_KEY = {"Authorization": "Bearer idk_any"}

Answer = Callable[[httpx2.Request], httpx2.Response]


async def read(caller: Annotated[Caller, needs("planted:read")]) -> UUID:
    """Who asks."""
    return caller.user


async def write(caller: Annotated[Caller, needs("planted:write")]) -> UUID:
    """Who writes."""
    return caller.user


def plant(app: FastAPI, *, described: bool = False) -> None:
    """Two endpoints that need a caller."""
    app.get(URL, include_in_schema=described)(read)
    app.post(URL, include_in_schema=described)(write)


@pytest.fixture
def client(app: FastAPI, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    plant(app)
    return client


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> list[httpx2.Request]:
    """Let identity answer so, the last one for good; gives what it was asked."""
    asked: list[httpx2.Request] = []
    connect = verification.connect

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1](request)

    def connect_to_it(settings: AccessSettings) -> httpx2.AsyncClient:
        client = connect(settings)
        client._transport = httpx2.MockTransport(answer)  # noqa: SLF001 - all else is production's
        return client

    monkeypatch.setattr(verification, "connect", connect_to_it)
    return asked


def status(code: int, **how: object) -> Answer:
    return lambda _: httpx2.Response(code, **how)  # type: ignore[arg-type] # what it takes


def failing(error: Exception) -> Answer:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    return fail


# Let in, or refused


async def test_without_a_credential_nobody_is_asked_and_nobody_let_in(
    client: httpx2.AsyncClient,
    identity: StandIn,
) -> None:
    refused = await client.get(URL)

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert identity.asked == 0


async def test_a_session_may_do_everything_and_an_api_key_what_it_is_for(
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


async def test_what_identity_revokes_is_worth_nothing_at_once(
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
async def test_no_other_site_makes_a_browser_write(
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
    [b"x", b"\xc3\xa4\xff", b"x" * LONGEST, b"x" * (LONGEST + 1), b"x" * 20_000, b'"\\', b"a b"],
    ids=lambda secret: f"{secret[:4]!r} {len(secret)}",
)
@pytest.mark.parametrize("carrier", [b"Bearer ", COOKIE.encode() + b"="])
async def test_no_odd_credential_is_anybodys(
    client: httpx2.AsyncClient,
    identity: StandIn,
    carrier: bytes,
    secret: bytes,
) -> None:
    name = b"Authorization" if carrier == b"Bearer " else b"Cookie"

    refused = await client.get(URL, headers=[(name, carrier + secret)])

    assert refused.status_code == 401
    assert identity.asked == (len(secret) <= LONGEST)


# Whom it asks, and what when that is impossible


async def test_identity_is_asked_once_for_a_request_with_the_key_of_this_service(
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = AccessSettings(identity_url="https://identity.test/behind", key=KEY)
    monkeypatch.setitem(app.state.settings, AccessSettings, settings)
    asked = answering(monkeypatch, status(200, json=SOMEBODY))

    with capture_logs() as logged:
        assert (await client.get(URL, headers=ANY_KEY)).json() == SOMEBODY["user"]

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
        json.dumps({name: value for name, value in SOMEBODY.items() if name != missing}).encode()
        for missing in SOMEBODY
    ),
    json.dumps(SOMEBODY | {"user": "ann"}).encode(),
    json.dumps(SOMEBODY | {"scopes": "planted:read"}).encode(),
]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(401), "does not accept .*_ACCESS_KEY: its introspection must know"),
        (status(302, headers={"Location": "https://evil.test"}), "answered 302"),
        (status(403), "answered 403"),
        (status(404), "answered 404"),
        (status(422), "answered 422"),
        (status(500), "answered 500"),
        (status(503), "answered 503"),
        (failing(httpx2.ConnectError("refused")), "no answer .ConnectError"),
        (failing(httpx2.ReadError("reset")), "no answer .ReadError"),
        (failing(httpx2.PoolTimeout("none is free")), "no answer .PoolTimeout"),
        *((status(200, content=each), "does not say who it is") for each in NONSENSE),
    ],
)
async def test_where_identity_cannot_be_asked_nobody_is_refused_and_nobody_let_in(
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
        assert refused.json()["detail"] == "Who you are cannot be found out now; try again."
    assert len(asked) == 2
    [told] = [line for line in logged if line["event"] == "identity.unavailable"]
    assert re.search(reason, told["reason"])


async def test_trouble_is_told_again_when_it_had_been_over(
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    down, up = status(500), status(200, json=SOMEBODY)
    answering(monkeypatch, down, down, up, down, status(401))

    with capture_logs() as logged:
        found = [(await client.get(URL, headers=ANY_KEY)).status_code for _ in range(5)]

    assert found == [503, 503, 200, 503, 503]
    assert len([line for line in logged if line["event"] == "identity.unavailable"]) == 3


async def test_an_answer_that_never_comes_is_not_waited_for(
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
        monkeypatch.setitem(app.state.settings, AccessSettings, settings)
        assert (await client.get(URL, headers=ANY_KEY)).status_code == 503
        for each in waits:
            each.set()

    assert len(waits) == 1


async def test_where_nobody_listens_it_is_503(
    app: FastAPI,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve(FastAPI()) as address:
        pass  # its port is free now
    monkeypatch.setitem(app.state.settings, AccessSettings, AccessSettings(identity_url=address))

    assert (await client.get(URL, headers=ANY_KEY)).status_code == 503


# From start to stop


async def test_the_connections_live_as_long_as_the_application(
    database: Database,
    identity: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[httpx2.AsyncClient] = []

    def connect(settings: AccessSettings) -> httpx2.AsyncClient:
        made.append(identity.connect(settings))
        return made[-1]

    monkeypatch.setattr(verification, "connect", connect)
    app = create_app(Settings(_env_file=None, database_url=database.url), database)
    plant(app)

    for starts in (1, 2):
        async with app.router.lifespan_context(app), client_of(app) as client:
            for _ in range(2):
                await client.get(URL, headers=identity.session())
            assert len(made) == starts
            assert not made[-1].is_closed
        assert made[-1].is_closed


async def test_whichever_modules_are_started_callers_are_known(
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


async def test_the_stand_in_is_there_for_other_processes_too(identity_server: StandIn) -> None:
    settings = AccessSettings(_env_prefix="{{ package | upper }}_ACCESS_")
    key = identity_server.key("planted:read")["Authorization"].removeprefix("Bearer ")
    async with httpx2.AsyncClient(base_url=str(settings.identity_url), verify=False) as http:
        answer = await http.post(PATH, json={"carrier": "api_key", "secret": key})

    assert answer.json()["scopes"] == ["planted:read"]


def test_what_asks_is_there_in_production_too() -> None:
    project = Path(__file__).parents[2].joinpath("pyproject.toml").read_text()

    needed = tomllib.loads(project)["project"]["dependencies"]
    assert [name for name in needed if name.startswith("httpx2")], 'add "httpx2" to dependencies'


# What endpoints say


def test_the_document_says_what_an_endpoint_needs() -> None:
    app = FastAPI()
    plant(app, described=True)

    document = app.openapi()

    schemes = document["components"]["securitySchemes"]
    assert schemes["session"].items() >= {"type": "apiKey", "in": "cookie", "name": COOKIE}.items()
    assert schemes["api_key"].items() >= {"type": "http", "scheme": "bearer"}.items()
    for method, scope in (("get", "planted:read"), ("post", "planted:write")):
        assert {"api_key": [scope]} in document["paths"][URL][method]["security"]
        assert {"session": [scope]} in document["paths"][URL][method]["security"]


async def test_a_whole_router_can_need_a_caller(app: FastAPI, identity: StandIn) -> None:
    router = APIRouter(dependencies=[needs("planted:read")], include_in_schema=False)
    router.get("/planted/open")(lambda: "read")
    app.include_router(router)

    async with client_of(app) as client:
        assert (await client.get("/planted/open")).status_code == 401
        allowed = await client.get("/planted/open", headers=identity.key("planted:read"))
        assert allowed.status_code == 200


def in_order(dependant: Dependant) -> Iterator[object]:
    """What FastAPI calls before an endpoint, in this order."""
    for each in dependant.dependencies:
        yield from in_order(each)
        yield each.call


def waits_within_a_transaction(route: APIRoute) -> bool:
    """Whether identity is asked while a session is open."""
    calls = [*in_order(route.dependant)]
    if get_caller not in calls:
        return False
    sessions = {get_args(each)[1].dependency for each in (ReadSession, WriteSession)}
    return bool(sessions & {*calls[: calls.index(get_caller)]})


async def wrong(session: WriteSession, caller: Annotated[Caller, needs("x:read")]) -> None:
    """The session comes first."""


async def right(caller: Annotated[Caller, needs("x:read")], session: ReadSession) -> None:
    """The caller comes first."""


def test_an_endpoint_that_asks_within_a_transaction_is_found() -> None:
    assert waits_within_a_transaction(APIRoute("/", wrong))
    assert not waits_within_a_transaction(APIRoute("/", right))
    assert not waits_within_a_transaction(APIRoute("/", wrong, dependencies=[needs("x:read")]))


async def test_no_transaction_is_open_while_identity_is_asked(app: FastAPI) -> None:
    routes = [route for route in app.routes if isinstance(route, APIRoute)]

    assert [route.path for route in routes if waits_within_a_transaction(route)] == []

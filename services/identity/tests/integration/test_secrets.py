"""No secret gets into logs, errors or the OpenAPI document."""

import json
import logging
from collections.abc import Iterator

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from plumbline.database import Database
from plumbline.http import COOKIE
from sqlalchemy import text

from identity import PREFIX
from identity.modules.introspection.settings import Settings as IntrospectionSettings
from identity.tokens import digest, new_token

URL = f"{PREFIX}/auth"
EMAIL = "ann@example.org"
PASSWORD, NEW, WEAK = "correct horse battery", "another horse, another battery", "weak"


@pytest.fixture
def recorded() -> Iterator[list[str]]:
    """Every line that production would log, tracebacks and the libraries' own lines included."""
    lines: list[str] = []

    def keep(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        lines.append(json.dumps(line, default=str))
        return line

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != "httpx2":  # the client of this test, no part of the service
                lines.append(self.format(record))

    before, handler = structlog.get_config(), Keep(logging.DEBUG)
    structlog.configure(
        [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            keep,
            *before["processors"],
        ]
    )
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)
    structlog.configure(**before)


async def test_whole_flow_logs_no_secret(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    recorded: list[str],
) -> None:
    service_key = new_token("ids_")
    rules = IntrospectionSettings(keys=digest(service_key).hex())
    monkeypatch.setitem(app.state.module_settings, IntrospectionSettings, rules)
    answers: list[httpx2.Response] = []

    async def post(path: str, body: object = None, **headers: str) -> httpx2.Response:
        answer = await client.post(f"{URL}/{path}", json=body, headers=headers)
        answers.append(answer)
        return answer

    await post("register", {"email": EMAIL, "password": WEAK})
    await post("register", {"email": EMAIL, "password": PASSWORD})
    await post("register", {"email": EMAIL, "password": PASSWORD})
    await post("login", {"email": EMAIL, "password": NEW})
    await post("login", {"email": EMAIL, "password": PASSWORD, "unknown": PASSWORD})
    await post("login", {"email": EMAIL, "password": PASSWORD})
    tokens = [client.cookies[COOKIE]]
    await post("change-password", {"current": PASSWORD, "new": NEW})
    tokens.append(client.cookies[COOKIE])
    key = (await post("api-keys", {"name": "x", "scopes": ["account:read"]})).json()["key"]
    await post("logout-everywhere", Authorization=f"Bearer {key}")
    question = {"carrier": "session", "secret": tokens[1]}
    await post("introspect", question, Authorization=f"Bearer {service_key}")
    await client.get(f"{URL}/me", headers={"Authorization": f"Bearer {key}"})
    await client.get(f"{URL}/me", params={"token": tokens[1], "password": PASSWORD})
    async with database.read() as session:
        stored = list(await session.scalars(text("SELECT password_hash FROM users")))
    async with database.write() as session:
        await session.execute(text("ALTER TABLE sessions RENAME TO elsewhere"))
    await post("login", {"email": EMAIL, "password": NEW})
    await client.get(f"{URL}/me")

    statuses = [answer.status_code for answer in answers]
    assert statuses == [422, 201, 409, 401, 422, 200, 204, 201, 403, 200, 500]
    assert len(recorded) > len(statuses)
    assert "Traceback" in "".join(recorded)
    secrets = [PASSWORD, NEW, *tokens, key, service_key, *stored]
    secrets += [digest(each).hex() for each in [*tokens, key]]
    for secret in secrets:
        assert [line for line in recorded if secret in line or repr(secret)[1:-1] in line] == []
    for answer in answers:
        assert all(secret not in answer.text for secret in secrets if secret != key)


async def test_the_openapi_document_shows_no_secret_and_marks_passwords(app: FastAPI) -> None:
    document = app.openapi()
    schemas = document["components"]["schemas"]

    for schema, name in [
        ("Registration", "password"),
        ("Login", "password"),
        ("PasswordChange", "current"),
        ("PasswordChange", "new"),
        ("Question", "secret"),
    ]:
        field = schemas[schema]["properties"][name]
        assert (field["format"], field["writeOnly"]) == ("password", True)
    assert '"example' not in json.dumps(document)
    assert [name for name in schemas if "key" in schemas[name].get("properties", {})] == [
        "ApiKeyCreated"
    ]

"""The whole service in a process of its own, under many clients: for long, and killed."""

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from identity.database import Database
from identity.modules.access import COOKIE
from identity.modules.users.passwords import HASHING
from identity.testing.crowd import Client, Crowd, NoAnswer, Resource, Step
from identity.testing.serving import serve_alone
from identity.testing.vitals import need_proc, watched

URL = "/api/v1/auth"
PASSWORD = "correct horse battery staple"
KEYS = Resource(
    f"{URL}/api-keys",
    new=lambda: {"name": uuid4().hex, "scopes": ["account:read"]},
    change=dict,
)
MIB = 1024**2
# After the warm-up the allocator still takes 1 to 3 MiB, and each thread that hashes keeps the 19
# of Argon2 or gives them back. In five minutes, 50,000 requests that each leave 1 KiB are more.
MORE_MEMORY = (8 + 20 * int(HASHING.total_tokens)) * MIB
MORE_FILES = 10  # the pools may still open five connections; SQLite has two files for each
# SQLite writes the log back when it has 1000 pages, 4 MiB, and then starts it anew as soon as
# nobody reads the old one (https://sqlite.org/wal.html, "Avoiding Excessively Large WAL Files").
MOST_WAL = 4 * 4 * MIB
OWN_KEYS = 3


class User:
    """One of the crowd, who does what users and their programs do."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._credentials = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
        self._keys: list[str] = []

    async def register(self) -> None:
        """Become a user, and log in."""
        await self._client.ask("POST", f"{URL}/register", 201, json=self._credentials)
        await self.log_in()

    async def log_in(self) -> None:
        """Begin a session, in place of the one before; over HTTP, no client sends its cookie."""
        entered = await self._client.ask("POST", f"{URL}/login", 200, json=self._credentials)
        self._client.http.cookies.clear()
        cookie = entered.headers["set-cookie"].partition(";")[0]
        self._client.http.headers["Cookie"] = cookie

    async def log_out(self) -> None:
        """End the session, which is dead at once, and begin another."""
        await self._client.ask("POST", f"{URL}/logout", 204)
        self._client.http.cookies.clear()
        await self._client.ask("GET", f"{URL}/me", 401)
        await self.log_in()

    async def look(self) -> None:
        """See oneself, and where one is logged in."""
        me = await self._client.ask("GET", f"{URL}/me", 200)
        assert me.json()["email"] == self._credentials["email"]
        await self._client.ask("GET", f"{URL}/sessions", 200)

    async def use_keys(self) -> None:
        """Make a key, use all, and revoke the oldest, which is dead at once."""
        key = await self._client.create()
        self._keys.append(key)
        secrets = {each: self._client.told.rows[each]["key"] for each in self._keys}
        for secret in secrets.values():
            await self._ask_with(secret, 200)
        if len(self._keys) > OWN_KEYS:
            oldest = self._keys.pop(0)
            await self._client.ask("DELETE", self._client.place(oldest), 204)
            del self._client.told.rows[oldest]
            await self._ask_with(secrets[oldest], 401)

    async def _ask_with(self, secret: str, status: int) -> None:
        headers = {"Authorization": f"Bearer {secret}"}
        await self._client.ask("GET", f"{URL}/me", status, headers=headers)

    @property
    def steps(self) -> list[Step]:
        """What is done again and again; hashing would otherwise leave time for nothing else."""
        return [*[self.look] * 3, *[self.use_keys] * 4, self.log_out]


async def test_it_bears_a_mixed_load_for_as_long_as_seconds_says(
    fresh: str,
    seconds: float,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    subtests: pytest.Subtests,
) -> None:
    async with (
        serve_alone(fresh, tmp_path) as service,
        Crowd.of(service.address, KEYS) as crowd,
    ):
        users = {id(client): User(client) for client in crowd.clients}
        for user in users.values():
            await user.register()
        async with watched(service, fresh) as record:
            await crowd.go_on(seconds, lambda client: users[id(client)].steps)
        assert not crowd.failures, f"{crowd.failures[0]}; its log ends\n{''.join(service.log)}"
        stored = [row for client in crowd.clients for row in await client.everything()]

    request.node.user_properties += (crowd.figures | record.figures).items()

    with subtests.test("no key is lost, and no revoked one comes back"):
        assert {row["id"] for row in stored} == crowd.told.rows.keys()
    with subtests.test("all clients get on"):
        assert crowd.least_share > 0.5
    with subtests.test("its memory is flat"):
        need_proc()
        assert record.end.memory - record.begin.memory < MORE_MEMORY
    with subtests.test("its open files are flat"):
        need_proc()
        assert record.end.files - record.begin.files <= MORE_FILES
    with subtests.test("its WAL is bounded"):
        if not fresh.startswith("sqlite"):
            pytest.skip("PostgreSQL's is the server's, which bounds it by max_wal_size")
        assert record.most_wal < MOST_WAL


async def test_killed_again_and_again_it_keeps_all_that_it_acknowledged(
    fresh: str,
    tmp_path: Path,
) -> None:
    cookies: list[str] = []
    acknowledged: set[str] = set()
    unanswered = 0
    for _ in range(3):
        async with (
            serve_alone(fresh, tmp_path) as service,
            Crowd.of(service.address, KEYS) as crowd,
        ):
            if not cookies:
                for client in crowd.clients:
                    await User(client).register()
                cookies = [client.http.headers["Cookie"] for client in crowd.clients]
            log_in(crowd, cookies)
            await crowd.create_until(30, service.process.kill)
        assert {type(failure) for failure in crowd.failures} == {NoAnswer}
        acknowledged |= crowd.told.rows.keys()
        unanswered += len(crowd.failures)

    async with (
        serve_alone(fresh, tmp_path) as service,
        Crowd.of(service.address, KEYS) as crowd,
    ):
        log_in(crowd, cookies)
        ready = await crowd.clients[0].http.get("/health/ready")
        stored = {row["id"] for client in crowd.clients for row in await client.everything()}

    assert ready.status_code == 200
    assert len(acknowledged) >= 90
    assert acknowledged <= stored
    assert len(stored) - len(acknowledged) <= unanswered
    if fresh.startswith("sqlite"):
        async with Database(fresh) as database, database.read() as session:
            assert await session.scalar(text("PRAGMA integrity_check")) == "ok"


def log_in(crowd: Crowd, cookies: list[str]) -> None:
    """Go on with the sessions of before, which a restart must not end."""
    for client, cookie in zip(crowd.clients, cookies, strict=True):
        assert cookie.startswith(COOKIE)
        client.http.headers["Cookie"] = cookie

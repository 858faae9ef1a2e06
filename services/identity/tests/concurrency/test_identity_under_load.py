"""Users and their API keys under load, and a service that is killed: the test is the platform's."""

from collections.abc import Sequence
from uuid import uuid4

import httpx2
import pytest
from plumbline.testing.endurance import *
from plumbline.testing.load import PAGE, Client, Resource, Row, Step
from plumbline.testing.resource_usage import MIB

from identity import PREFIX
from identity.modules.users.passwords import HASHING

URL = f"{PREFIX}/auth"
PASSWORD = "correct horse battery staple"


class ApiKeyResource(Resource):
    """A user with a session, and the API keys of the user's programs."""

    rows_are_complete = False  # only the response that creates a key shows it

    def __init__(self, http: httpx2.AsyncClient) -> None:
        super().__init__(http)
        self._credentials = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}

    async def prepare(self) -> None:
        """Register a user, and log in."""
        await self.ask("POST", f"{URL}/register", 201, json=self._credentials)
        await self.log_in()

    async def log_in(self) -> None:
        """Replace the session; over HTTP, no client sends a Secure cookie by itself."""
        answer = await self.ask("POST", f"{URL}/login", 200, json=self._credentials)
        self.http.cookies.clear()
        self.http.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]

    async def log_out(self) -> None:
        """End the session, which is invalid at once, and open another one."""
        await self.ask("POST", f"{URL}/logout", 204)
        self.http.cookies.clear()
        await self.ask("GET", f"{URL}/me", 401)
        await self.log_in()

    async def read_account(self) -> None:
        """Read the user, and the sessions."""
        me = await self.ask("GET", f"{URL}/me", 200)
        assert me.json()["email"] == self._credentials["email"]
        await self.ask("GET", f"{URL}/sessions", 200)

    def new(self) -> Row:
        """Return the body of a request that creates a key."""
        return {"name": uuid4().hex, "scopes": ["account:read"]}

    async def create(self, body: Row) -> Row:
        """Create a key."""
        row: Row = (await self.ask("POST", f"{URL}/api-keys", 201, json=body)).json()
        return row

    async def read(self, key: str) -> Row | None:
        """Find a key in the list."""
        return next((row for row in await self.list() if row["id"] == key), None)

    async def list(self) -> list[Row]:
        """Read all keys of this user, page by page."""
        rows, after = [], ""
        while True:
            answer = await self.ask("GET", f"{URL}/api-keys?limit={PAGE}{after}", 200)
            page = answer.json()
            rows += page["items"]
            if page["next_cursor"] is None:
                return rows
            after = f"&cursor={page['next_cursor']}"

    async def delete(self, key: str) -> bool:
        """Revoke a key."""
        await self.ask("DELETE", f"{URL}/api-keys/{key}", 204)
        return True

    async def use(self, secret: str, status: int) -> None:
        """Send a request as a program that has this key."""
        headers = {"Authorization": f"Bearer {secret}"}
        await self.ask("GET", f"{URL}/me", status, headers=headers)

    def steps(self, client: Client, shared: Sequence[str]) -> Sequence[Step]:  # noqa: ARG002
        """Mix many cheap steps with a login: hashing would leave time for nothing else."""

        async def use_keys() -> None:
            """Create a key, use all, and revoke the oldest, which is invalid at once."""
            await client.create_own()
            secrets = {key: client.acknowledged.rows[key]["key"] for key in client.own}
            for secret in secrets.values():
                await self.use(secret, 200)
            await client.delete_own()
            for key in secrets.keys() - {*client.own}:
                await self.use(secrets[key], 401)

        return [*[self.read_account] * 3, *[use_keys] * 4, self.log_out]


@pytest.fixture
def resource() -> type[Resource]:
    return ApiKeyResource


@pytest.fixture
def memory_limit() -> int:
    """More than the platform's: each hashing thread keeps the 19 MiB of Argon2 or frees them."""
    return (8 + 20 * int(HASHING.total_tokens)) * MIB

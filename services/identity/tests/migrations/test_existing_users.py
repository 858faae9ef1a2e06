"""Users from before a migration can log in after it, and are kept by a downgrade."""

import asyncio
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import pytest
from alembic import command
from plumbline.testing.client import client_of
from plumbline.testing.sandbox import EmptyDatabase
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import DateTime, String, Uuid, column, insert, select, table

from identity import PREFIX
from identity.main import SERVICE
from identity.settings import Settings

URL: Final = f"{PREFIX}/auth"
PASSWORD: Final = "a password that Ann can remember"
USERS: Final = table(  # as the first migration made it, whatever the models say today
    "users",
    column("id", Uuid),
    column("email", String),
    column("password_hash", String),
    column("created_at", DateTime(timezone=True)),
    column("updated_at", DateTime(timezone=True)),
)
OLD_PARAMETERS: Final = Argon2Hasher(memory_cost=8_192, time_cost=1, parallelism=1)


@pytest.fixture
def ann() -> dict[str, object]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "id": UUID(int=1),
        "email": "ann@example.org",
        "password_hash": PasswordHash((OLD_PARAMETERS,)).hash(PASSWORD),
        "created_at": moment,
        "updated_at": moment,
    }


async def test_user_of_the_first_release_survives_upgrade_and_downgrade(
    empty_database: EmptyDatabase,
    ann: dict[str, object],
) -> None:
    async with empty_database() as url:
        await asyncio.to_thread(command.upgrade, SERVICE.migrations.config(url), "create_users")
        async with SERVICE.open_database(url) as database, database.write() as session:
            await session.execute(insert(USERS).values(ann))

        await asyncio.to_thread(command.upgrade, SERVICE.migrations.config(url), "head")

        app = SERVICE.create_app(Settings(_env_file=None, database_url=url))
        async with app.router.lifespan_context(app), client_of(app) as client:
            body = {"email": "Ann@Example.org", "password": PASSWORD}
            assert (await client.post(f"{URL}/login", json=body)).status_code == 200
            assert (await client.get(f"{URL}/me")).json()["id"] == str(ann["id"])
            assert (await client.post(f"{URL}/register", json=body)).status_code == 409

        await asyncio.to_thread(command.downgrade, SERVICE.migrations.config(url), "create_users")
        async with SERVICE.open_database(url) as database, database.read() as session:
            (row,) = (await session.execute(select(USERS))).mappings()
        assert (row["id"], row["email"]) == (ann["id"], ann["email"])
        assert row["password_hash"] != ann["password_hash"]  # it has grown with the parameters

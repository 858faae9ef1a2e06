"""Users for the tests of all modules, created without the time that hashing takes.

* `PASSWORD`: the password of both
* `ann`, `bob`: two users
* `user`, `other`: the ids of two within the transaction of `session`, who have no password
"""

from typing import Final
from uuid import UUID

import pytest
from plumbline.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from .models import User
from .passwords import HASHER
from .schemas import UserRead
from .service import UserService

PASSWORD: Final = "a password that Ann can remember"


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of `PASSWORD`, made once."""
    return HASHER.hash(PASSWORD)


async def store(database: Database, email: str, password_hash: str) -> UserRead:
    """Store a user who can log in."""
    user = User(email=email, password_hash=password_hash)
    async with database.write() as session:
        session.add(user)
    return UserRead.model_validate(user)


@pytest.fixture
async def ann(database: Database, password_hash: str) -> UserRead:
    """The user of most tests."""
    return await store(database, "ann@example.org", password_hash)


@pytest.fixture
async def bob(database: Database, password_hash: str) -> UserRead:
    """Another user, who must not see what is Ann's."""
    return await store(database, "bob@example.org", password_hash)


@pytest.fixture
async def user(session: AsyncSession) -> UUID:
    """The user of the tests of a repository or a service."""
    return (await UserService(session).register("ann@example.org", "hash")).id


@pytest.fixture
async def other(session: AsyncSession) -> UUID:
    """Another user there."""
    return (await UserService(session).register("bob@example.org", "hash")).id

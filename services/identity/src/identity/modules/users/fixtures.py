"""Users for the tests of all modules, made without the time that hashing takes.

* `PASSWORD`: the password of both
* `ann`, `bob`: two users
* `user`, `other`: the ids of two within the transaction of `session`, who have no password
"""

from typing import Final
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from ...database import Database
from .models import User
from .passwords import HASHER
from .schemas import UserRead
from .service import UserService

PASSWORD: Final = "a password that Ann can remember"


@pytest.fixture(scope="session")
def password_hash() -> str:
    """That of `PASSWORD`, made once."""
    return HASHER.hash(PASSWORD)


async def store(database: Database, email: str, password_hash: str) -> UserRead:
    """A user who can log in."""
    user = User(email=email, password_hash=password_hash)
    async with database.write() as session:
        session.add(user)
    return UserRead.model_validate(user)


@pytest.fixture
async def ann(database: Database, password_hash: str) -> UserRead:
    """Whom most tests are about."""
    return await store(database, "ann@example.org", password_hash)


@pytest.fixture
async def bob(database: Database, password_hash: str) -> UserRead:
    """Somebody else, who must not see what is Ann's."""
    return await store(database, "bob@example.org", password_hash)


@pytest.fixture
async def user(session: AsyncSession) -> UUID:
    """Whom the tests of a repository or a service are about."""
    return (await UserService(session).register("ann@example.org", "hash")).id


@pytest.fixture
async def other(session: AsyncSession) -> UUID:
    """Somebody else there."""
    return (await UserService(session).register("bob@example.org", "hash")).id

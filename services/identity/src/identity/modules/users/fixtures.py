"""Users for the tests of all modules, made without the time that hashing takes.

* `PASSWORD`: the password of both
* `ann`, `bob`: two users
"""

from typing import Final

import pytest

from ...database import Database
from .models import User
from .passwords import HASHER
from .schemas import UserRead

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

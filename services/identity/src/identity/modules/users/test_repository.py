"""The queries, each against a real database."""

from uuid import uuid4

import pytest
from plumbline import Conflict
from sqlalchemy.ext.asyncio import AsyncSession

from .models import User
from .repository import UserRepository


@pytest.fixture
def repository(session: AsyncSession) -> UserRepository:
    return UserRepository(session)


def make(email: str = "ann@example.org") -> User:
    return User(email=email, password_hash="$argon2id$…")


async def test_a_user_is_found_by_id_and_by_email(
    repository: UserRepository,
    session: AsyncSession,
) -> None:
    row = make()
    await repository.add(row)
    await repository.add(make("bob@example.org"))
    session.expunge_all()

    by_id, by_email = await repository.get(row.id), await repository.get_by_email(row.email)

    assert by_id is not None
    assert by_id is by_email
    assert (by_id.email, by_id.password_hash) == (row.email, row.password_hash)


async def test_get_unknown_user_returns_none(repository: UserRepository) -> None:
    assert await repository.get(uuid4()) is None
    assert await repository.get_by_email("ann@example.org") is None


async def test_an_email_can_be_taken_only_once(repository: UserRepository) -> None:
    await repository.add(make())

    with pytest.raises(Conflict, match="This email is already taken"):
        await repository.add(make())


async def test_a_change_is_stored(repository: UserRepository, session: AsyncSession) -> None:
    row = make()
    await repository.add(row)

    row.password_hash = "$argon2id$new"
    await repository.save(row)
    session.expunge_all()

    found = await repository.get(row.id)
    assert found is not None
    assert found.password_hash == "$argon2id$new"

"""The queries, each against a real database."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Attempt
from .repository import AttemptRepository

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def repository(session: AsyncSession) -> AttemptRepository:
    return AttemptRepository(session)


def make(subject: bytes, minute: int) -> Attempt:
    return Attempt(subject=subject, made_at=NOW + minute * MINUTE)


async def test_the_times_of_a_subject_come_oldest_first(repository: AttemptRepository) -> None:
    await repository.add([make(b"one", 2), make(b"two", 0), make(b"one", 1)])

    assert await repository.times(b"one") == [NOW + MINUTE, NOW + 2 * MINUTE]
    assert await repository.times(b"three") == []


async def test_rows_are_removed_by_id_by_subject_and_by_age(
    repository: AttemptRepository,
) -> None:
    rows = [make(b"one", minute) for minute in range(4)]
    await repository.add([*rows, make(b"two", 9), make(b"two", 1)])

    await repository.remove([rows[3].id])
    assert len(await repository.times(b"one")) == 3
    await repository.remove_older(NOW + MINUTE)
    assert await repository.times(b"one") == [NOW + 2 * MINUTE]
    assert await repository.times(b"two") == [NOW + 9 * MINUTE]
    await repository.remove_all(b"two")
    assert await repository.times(b"two") == []
    assert len(await repository.times(b"one")) == 1

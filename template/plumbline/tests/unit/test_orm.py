"""A datetime comes back from the database as it was stored."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from plumbline import UtcDateTime
from sqlalchemy import literal, select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncSession


async def test_datetime_keeps_its_instant_and_is_returned_in_utc(session: AsyncSession) -> None:
    there = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))

    back = await session.scalar(select(literal(there, UtcDateTime)))

    assert back == there
    assert back is not None
    assert back.tzinfo is UTC


async def test_datetime_without_a_time_zone_is_refused(session: AsyncSession) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake under test

    with pytest.raises(StatementError, match="needs a time zone"):
        await session.scalar(select(literal(naive, UtcDateTime)))


async def test_null_stays_none(session: AsyncSession) -> None:
    assert await session.scalar(select(literal(None, UtcDateTime))) is None

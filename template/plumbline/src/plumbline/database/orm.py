"""What all models share: constraint names, a UUID key, UTC datetimes, and timestamps."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, Dialect, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

# Migrations can only alter a constraint that has a name.
NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC; SQLite itself drops the time zone.

    Raises `ValueError` for a datetime without a time zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Convert to UTC."""
        if value is not None and value.tzinfo is None:
            message = "a datetime needs a time zone: use datetime.now(UTC)"
            raise ValueError(message)
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Restore the time zone."""
        return value and value.replace(tzinfo=UTC)


def now() -> datetime:
    """Return the current time in UTC; freezing time in a test freezes it."""
    return datetime.now(UTC)


class UuidKey:
    """A primary key `id`: a UUIDv7, which sorts by time of creation."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-1)


class Timestamps:
    """`created_at` and `updated_at`, in UTC."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=now, onupdate=now, sort_order=91
    )

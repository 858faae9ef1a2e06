"""What all models share: the declarative base, names for constraints, and time in UTC."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

# Migrations can only alter a constraint that has a name.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC that comes back as it went in; SQLite itself forgets the time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """On the way into the database."""
        if value is not None and value.tzinfo is None:
            message = "a moment needs a time zone: use datetime.now(UTC)"
            raise ValueError(message)
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """On the way out."""
        return value and value.replace(tzinfo=UTC)


def now() -> datetime:
    """The current moment; freezing time in a test freezes it."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """A table with an id that sorts by time of creation."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-1)


class Timestamps:
    """When a row was created and last changed."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=now, onupdate=now, sort_order=91
    )

"""The table of notes."""

from plumbline import Timestamps, UuidKey
from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from ...orm import Base


class Note(UuidKey, Timestamps, Base):
    """A row; `version` grows by one with each change."""

    __tablename__ = "notes"
    __table_args__ = (CheckConstraint("version > 0", "version_is_positive"),)

    title: Mapped[str] = mapped_column(String(100), unique=True)
    text: Mapped[str] = mapped_column(String(1000))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own type

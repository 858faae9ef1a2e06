"""The table of users."""

from plumbline import Timestamps, UuidKey
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ...orm import Base


class User(UuidKey, Timestamps, Base):
    """A row; `email` is in lower case, so that the constraint ignores case."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))

"""The table of users."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ...orm import Base, Timestamps


class User(Timestamps, Base):
    """A row; `email` is in lower case, so that the constraint decides whose it is."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))

"""The table of attempts."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ...orm import Base, UtcDateTime


class Attempt(Base):
    """One of a subject, which is an account or a network address.

    It is a digest, as people type all sorts of things where their e-mail belongs.
    """

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "subject", "made_at"),)

    subject: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

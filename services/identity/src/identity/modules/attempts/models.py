"""The table of attempts."""

from datetime import datetime

from plumbline import UtcDateTime, UuidKey
from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ...orm import Base


class Attempt(UuidKey, Base):
    """An attempt of a subject, which is an account or a network address.

    `subject` is a digest, as people type passwords, too, where their e-mail belongs.
    """

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "subject", "made_at"),)

    subject: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

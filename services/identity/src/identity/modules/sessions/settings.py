"""The lifetime and the number of sessions."""

from datetime import timedelta

from plumbline import ModuleSettings
from pydantic import Field


class Settings(ModuleSettings):
    """A session ends when the first of both times is over."""

    idle_minutes: int = Field(
        default=60, ge=5, description="A session ends when it is unused for so long."
    )
    hours: int = Field(default=12, ge=1, description="A session ends at the latest after so long.")
    max_sessions: int = Field(
        default=20, ge=1, description="Sessions of a user; one more ends the oldest."
    )

    @property
    def idle(self) -> timedelta:
        """The longest time without use."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def lifetime(self) -> timedelta:
        """The longest time at all."""
        return timedelta(hours=self.hours)

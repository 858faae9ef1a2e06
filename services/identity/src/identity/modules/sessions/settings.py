"""How long a session lasts."""

from datetime import timedelta

from pydantic import Field

from ...settings import ModuleSettings


class Settings(ModuleSettings):
    """A session ends with whichever time is over first."""

    idle_minutes: int = Field(default=60, ge=5, description="A session ends when unused so long.")
    hours: int = Field(default=12, ge=1, description="A session ends then at the latest.")
    most: int = Field(default=20, ge=1, description="Of more sessions of a user, the oldest ends.")

    @property
    def idle(self) -> timedelta:
        """How long it may be unused."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def lifetime(self) -> timedelta:
        """How long it lasts at most."""
        return timedelta(hours=self.hours)

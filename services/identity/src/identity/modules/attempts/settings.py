"""How many attempts there may be."""

from pydantic import Field

from ...settings import ModuleSettings


class Settings(ModuleSettings):
    """Attempts that succeed are not counted, but those under way are."""

    per_account: int = Field(default=10, ge=1, description="Wrong passwords for one e-mail.")
    per_address: int = Field(
        default=100, ge=1, description="Failed logins and registrations from one network address."
    )
    minutes: int = Field(default=15, ge=1, description="Time in which they are counted.")

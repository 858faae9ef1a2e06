"""The rate limits of attempts."""

from plumbline import ModuleSettings
from pydantic import Field


class Settings(ModuleSettings):
    """Successful attempts do not count, but pending ones do."""

    per_account: int = Field(default=10, ge=1, description="Wrong passwords for one e-mail.")
    per_address: int = Field(
        default=100, ge=1, description="Failed logins and registrations from one network address."
    )
    minutes: int = Field(default=15, ge=1, description="Period in which they are counted.")

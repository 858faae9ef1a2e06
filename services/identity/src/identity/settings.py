"""What a deployment may choose: environment variables, or lines of a `.env` file."""

import plumbline
from plumbline import DatabaseUrl
from pydantic_settings import SettingsConfigDict


class Settings(plumbline.Settings):
    """The platform's settings, and those that the service adds: a field with a description each."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_")

    database_url: DatabaseUrl = "sqlite+aiosqlite:///identity.db"

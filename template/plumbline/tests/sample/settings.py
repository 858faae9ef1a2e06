"""The settings of the sample."""

import plumbline
from plumbline import DatabaseUrl
from pydantic_settings import SettingsConfigDict


class Settings(plumbline.Settings):
    """The platform's settings, with a prefix and a database of its own."""

    model_config = SettingsConfigDict(env_prefix="SAMPLE_")

    database_url: DatabaseUrl = "sqlite+aiosqlite:///sample.db"

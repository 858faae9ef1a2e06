"""What a deployment may choose: environment variables, or lines of a `.env` file."""

from typing import Annotated, Final

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .backends import backend_of
from .modules import module_names


class Settings(BaseSettings):
    """Read once, by whoever starts the service; importing this module reads nothing.

    Raises `pydantic.ValidationError`, which names the variable, when a value is unusable.
    """

    model_config = SettingsConfigDict(
        env_prefix="CATALOG_",
        env_file=".env",
        extra="ignore",
    )

    database_url: str = Field(
        default="sqlite+aiosqlite:///catalog.db",
        description="Where the data is: a SQLite file, relative to the working folder, or"
        " `postgresql+asyncpg://<user>:<password>@<host>/<database>`.",
    )
    database_connections: int = Field(
        default=5, ge=2, description="Connections of a process; with SQLite, one of them writes."
    )
    database_patience: float = Field(
        default=30.0,
        gt=0,
        description="Seconds a request waits for a connection before it answers 503.",
    )
    modules: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        description="The modules to serve, with commas between them; all if there is none.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    max_body_bytes: int = Field(default=1_048_576, gt=0, description="Larger requests answer 413.")
    shutdown_seconds: int = Field(
        default=20,
        ge=1,
        description="Time that requests in flight get to finish when the service is stopped.",
    )
    log_level: str = Field(
        default="info",
        pattern="^(debug|info|warning|error|critical)$",
        description="The least important message that is logged.",
    )
    log_json: bool = Field(default=True, description="One JSON object a line, or text for people.")

    @field_validator("database_url")
    @classmethod
    def _is_usable(cls, url: str) -> str:
        backend_of(url)
        return url

    @field_validator("modules", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        return [name.strip() for name in given.split(",") if name.strip()] or None

    @field_validator("modules")
    @classmethod
    def _names_modules(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is None:
            return None
        there_are = module_names()
        if unknown := sorted({*names} - {*there_are}):
            message = f"there is no module {unknown[0]!r}; there are: {', '.join(there_are)}"
            raise ValueError(message)
        return tuple(sorted({*names}))


class ModuleSettings(BaseSettings):
    """What a module lets a deployment choose: its `settings.py` derives a `Settings` from this.

    `modules.load_settings` says how its variables are called.
    """

    model_config = SettingsConfigDict(extra="ignore")


PREFIX: Final = Settings.model_config["env_prefix"]


def named(error: ValidationError, prefix: str = PREFIX) -> str:
    """What is wrong with settings, each by the name of its variable."""
    wrong = [(f"{prefix}{each['loc'][0]}".upper(), each["msg"]) for each in error.errors()]
    sentence = "; ".join(f"{variable}: {reason}" for variable, reason in wrong)
    return sentence.replace(": Value error, ", ": ")

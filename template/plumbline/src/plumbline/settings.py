"""The settings that every service has: environment variables, or lines of a `.env` file."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .database.backend import backend_of
from .database.options import ConnectionOptions


def _require_backend(url: str) -> str:
    backend_of(url)
    return url


def _split(given: object) -> object:
    if not isinstance(given, str):
        return given
    return [name.strip() for name in given.split(",") if name.strip()] or None


DatabaseUrl = Annotated[
    str,
    AfterValidator(_require_backend),
    Field(
        description="Where the data is: a SQLite file, relative to the working folder, or"
        " `postgresql+asyncpg://<user>:<password>@<host>/<database>`."
    ),
]


class Settings(BaseSettings):
    """What a deployment may choose; a service derives its own class and adds fields.

    The service sets `env_prefix` in its `model_config`. Instances read the environment; importing
    this module reads nothing. Raises `pydantic.ValidationError` for an unusable value; see
    `format_errors`.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    connection_options: ClassVar[ConnectionOptions] = ConnectionOptions()
    """What every connection of the application, the migrations and the tests gets."""

    database_url: DatabaseUrl = "sqlite+aiosqlite:///service.db"
    database_connections: int = Field(
        default=5, ge=2, description="Connections of a process; with SQLite, one of them writes."
    )
    database_pool_timeout: float = Field(
        default=30.0,
        gt=0,
        description="Seconds a request waits for a connection before it answers 503.",
    )
    modules: Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(_split)] = Field(
        default=None,
        description="The modules to serve, separated by commas; all if there is none.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    max_body_bytes: int = Field(default=1_048_576, gt=0, description="Larger requests answer 413.")
    shutdown_seconds: int = Field(
        default=20,
        ge=1,
        description="Seconds that requests in flight get to finish when the service stops.",
    )
    log_level: str = Field(
        default="info",
        pattern="^(debug|info|warning|error|critical)$",
        description="The least important message that is logged.",
    )
    log_json: bool = Field(default=True, description="One JSON object a line, or text for people.")

    @classmethod
    def prefix(cls) -> str:
        """Return what the environment variables of the service start with: `ORDERS_`."""
        return cls.model_config["env_prefix"]


class ModuleSettings(BaseSettings):
    """What a module lets a deployment choose: its `settings.py` derives a `Settings` from this.

    The variable of a field is `<SERVICE>_<MODULE>_<FIELD>`.
    """

    model_config = SettingsConfigDict(extra="ignore")


def format_errors(error: ValidationError, prefix: str) -> str:
    """Return one sentence that names each unusable variable, and why it is unusable."""
    wrong = [(f"{prefix}{each['loc'][0]}".upper(), each["msg"]) for each in error.errors()]
    sentence = "; ".join(f"{variable}: {reason}" for variable, reason in wrong)
    return sentence.replace(": Value error, ", ": ")

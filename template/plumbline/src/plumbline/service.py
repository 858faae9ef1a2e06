"""What the platform has to know of a service; its `main.py` makes the one object."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, Protocol, TypeVar

from fastapi import FastAPI
from sqlalchemy import MetaData

from .database.database import Database
from .database.migrations import Migrations
from .logging import configure_logging
from .modules import Modules
from .settings import ModuleSettings, Settings

S = TypeVar("S", bound=Settings)
S_contra = TypeVar("S_contra", bound=Settings, contravariant=True)


class CreateApp(Protocol[S_contra]):
    """The composition root of a service: see `create_app`."""

    def __call__(
        self,
        settings: S_contra,
        database: Database | None = None,
        module_settings: Mapping[type[ModuleSettings], ModuleSettings] | None = None,
    ) -> FastAPI:
        """Build the application; connect to nothing."""


class ConfigureLogging(Protocol):
    """How the log of a process is written: see `configure_logging`."""

    def __call__(self, level: str, *, as_json: bool) -> None:
        """Configure structlog and the standard library's logging."""


@dataclass(frozen=True)
class Service(Generic[S]):
    """A service: its package, and what it is made of."""

    package: str
    settings: type[S]
    create_app: CreateApp[S]
    metadata: MetaData
    configure_logging: ConfigureLogging = configure_logging

    @property
    def modules(self) -> Modules:
        """Its business areas."""
        return Modules(self.package)

    @property
    def migrations(self) -> Migrations:
        """The history of its schema."""
        return Migrations(self.package)

    def open_database(self, url: str, *, pool_timeout: float = 30.0) -> Database:
        """Return a `Database` that is opened as production's is."""
        return Database(
            url,
            self.migrations,
            pool_timeout=pool_timeout,
            options=self.settings.connection_options,
        )


def find_service(package: str) -> Service[Settings]:
    """Return the `SERVICE` of `<package>.main`. Raises `ValueError` if there is none."""
    try:
        found = getattr(import_module(f"{package}.main"), "SERVICE", None)
    except ModuleNotFoundError as error:
        if error.name not in {package, f"{package}.main"}:
            raise
        found = None
    if not isinstance(found, Service):
        raise ValueError(f"{package} is no service: its main.py must define SERVICE.")  # noqa: TRY004 - input
    return found

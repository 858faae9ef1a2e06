"""The business areas of a service, one folder each, discovered automatically."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from .errors import ServiceError
from .settings import ModuleSettings, format_errors

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import ModuleType

    from fastapi import APIRouter


class BrokenModule(Exception):
    """The service cannot start with this module; the message names it and the fix."""


@dataclass(frozen=True)
class Modules:
    """The modules of the service whose package is called `package`.

    All methods raise `BrokenModule` for a module that cannot be loaded.
    """

    package: str

    @property
    def parent(self) -> str:
        """The package that holds them: `orders.modules`."""
        return f"{self.package}.modules"

    def names(self) -> list[str]:
        """Return the names of all modules, sorted."""
        found = [folder for place in self._places() for folder in Path(place).iterdir()]
        folders = [folder for folder in found if any(folder.rglob("*.py"))]
        for folder in folders:
            if not (folder / "__init__.py").is_file():
                raise BrokenModule(f"The module {folder.name!r} has no __init__.py: add one.")
        return sorted(folder.name for folder in folders)

    def _places(self) -> list[str]:
        return list(import_module(self.parent).__path__)

    def prefix(self, name: str) -> str:
        """Return what the environment variables of a module's settings start with."""
        return f"{self.package}_{name}_".upper()

    def import_models(self) -> None:
        """Import all models, so that the metadata of the service has every table."""
        for name in self.names():
            self._import(name, "models")

    def routers(self, enabled: Collection[str] | None) -> list[APIRouter]:
        """Import all models; return the routers of the enabled modules (all if `None`).

        Raises `BrokenModule` for an enabled module that does not exist.
        """
        self.import_models()  # tables refer to each other, whichever modules are enabled
        names = self.names()
        if unknown := sorted({*(enabled or ())} - {*names}):
            raise BrokenModule(
                f"{self.package.upper()}_MODULES: there is no module {unknown[0]!r};"
                f" there are: {', '.join(names)}."
            )
        chosen = [name for name in names if enabled is None or name in enabled]
        return [router for name in chosen if (router := self._router(name)) is not None]

    def load_settings(
        self, env_file: str | None = None
    ) -> dict[type[ModuleSettings], ModuleSettings]:
        """Load the settings of every module, keyed by settings class.

        A module's settings are the class `Settings(ModuleSettings)` in its `settings.py`. Variables
        may also stand in `env_file`. Raises `BrokenModule` for an unusable value, too.
        """
        found = [self._settings(name, env_file) for name in self.names()]
        return {type(each): each for each in found if each is not None}

    def fixtures(self) -> list[str]:
        """Return the `fixtures.py` of every module, for `pytest_plugins`."""
        found = [f"{self.parent}.{name}.fixtures" for name in self.names()]
        return [name for name in found if find_spec(name)]

    def statuses(self) -> dict[type[ServiceError], int]:
        """Return the HTTP statuses that modules give to errors of their own.

        They are the `STATUSES` in a module's `problems.py`.
        """
        found = [self._import(name, "problems") for name in self.names()]
        tables = [getattr(each, "STATUSES", None) for each in found if each is not None]
        statuses: dict[type[ServiceError], int] = {}
        for table in tables:
            if not isinstance(table, dict):
                raise BrokenModule("A module's problems.py needs `STATUSES = {MyError: 402}`.")
            statuses |= table
        return statuses

    def _settings(self, name: str, env_file: str | None) -> ModuleSettings | None:
        if (found := self._import(name, "settings")) is None:
            return None
        kind = getattr(found, "Settings", None)
        if not (isinstance(kind, type) and issubclass(kind, ModuleSettings)):
            raise BrokenModule(
                f"The module {name!r} needs `class Settings(ModuleSettings)` in its settings.py."
            )
        try:
            return kind(_env_prefix=self.prefix(name), _env_file=env_file)
        except ValidationError as error:
            raise BrokenModule(f"{format_errors(error, self.prefix(name))}.") from error

    def _router(self, name: str) -> APIRouter | None:
        from fastapi import APIRouter  # noqa: PLC0415 - callers that only want models do not wait

        if (found := self._import(name, "router")) is None:
            return None
        router = getattr(found, "router", None)
        if not isinstance(router, APIRouter):
            raise BrokenModule(
                f"The module {name!r} needs `router = APIRouter()` in its router.py."
            )
        return router

    def _import(self, name: str, part: str) -> ModuleType | None:
        """Import the file `part` of a module, if it has one."""
        path = f"{self.parent}.{name}.{part}"
        try:
            return import_module(path) if find_spec(path) else None
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            message = f"The module {name!r} is broken: {what} (`python -m {path}` shows where)."
            raise BrokenModule(message) from error

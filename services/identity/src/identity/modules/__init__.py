"""The business areas of the service, one folder each, found by looking."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter

    from ..settings import ModuleSettings


class BrokenModule(Exception):
    """The service cannot start with this module; the sentence names it, and the mend."""


def module_names() -> list[str]:
    """The modules that there are, sorted. Raises `BrokenModule` for one without `__init__.py`."""
    found = [folder for place in __path__ for folder in Path(place).iterdir()]
    folders = [folder for folder in found if any(folder.rglob("*.py"))]
    for folder in folders:
        if not (folder / "__init__.py").is_file():
            raise BrokenModule(f"The module {folder.name!r} has no __init__.py: add one.")
    return sorted(folder.name for folder in folders)


def import_models() -> None:
    """Make every table known to `orm.Base.metadata`; migrations and tests need them all.

    Raises `BrokenModule`.
    """
    for name in module_names():
        _import(name, "models")


def load_modules(chosen: Collection[str] | None) -> list[APIRouter]:
    """The routers of the chosen modules, or of all for None; with them, the models of all.

    Raises `BrokenModule`, also for a chosen module whose `router.py` is not one.
    """
    import_models()  # tables refer to each other, so they are there whoever is chosen
    names = [name for name in module_names() if chosen is None or name in chosen]
    return [router for name in names if (router := _router(name)) is not None]


def load_settings(env_file: str | None = None) -> dict[type[ModuleSettings], ModuleSettings]:
    """What the modules let a deployment choose, by its class; of all, as modules use each other.

    That is `class Settings(ModuleSettings)` in a module's `settings.py`. The variable of a field is
    `<SERVICE>_<MODULE>_<FIELD>`, and may stand in `env_file`. Raises `BrokenModule`, also for a
    value that is unusable; the sentence then names the variable.
    """
    found = [_settings(name, env_file) for name in module_names()]
    return {type(each): each for each in found if each is not None}


def prefix_of(name: str) -> str:
    """What the variables of a module's own settings start with."""
    return f"{__name__.partition('.')[0]}_{name}_".upper()


def _settings(name: str, env_file: str | None) -> ModuleSettings | None:
    from pydantic import ValidationError  # noqa: PLC0415 - as below

    from ..settings import ModuleSettings, named  # noqa: PLC0415 - it asks for modules itself

    if (found := _import(name, "settings")) is None:
        return None
    kind = getattr(found, "Settings", None)
    if not (isinstance(kind, type) and issubclass(kind, ModuleSettings)):
        raise BrokenModule(
            f"The module {name!r} needs `class Settings(ModuleSettings)` in its settings.py."
        )
    try:
        return kind(_env_prefix=prefix_of(name), _env_file=env_file)
    except ValidationError as error:
        raise BrokenModule(f"{named(error, prefix_of(name))}.") from error


def _router(name: str) -> APIRouter | None:
    from fastapi import APIRouter  # noqa: PLC0415 - who only wants the models need not wait for it

    if (found := _import(name, "router")) is None:
        return None
    router = getattr(found, "router", None)
    if not isinstance(router, APIRouter):
        raise BrokenModule(f"The module {name!r} needs `router = APIRouter()` in its router.py.")
    return router


def _import(name: str, part: str) -> ModuleType | None:
    """The file `part` of a module, if it has one."""
    path = f"{__name__}.{name}.{part}"
    try:
        return import_module(path) if find_spec(path) else None
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        message = f"The module {name!r} is broken: {what} (`python -m {path}` shows where)."
        raise BrokenModule(message) from error

"""The business areas of the service, one folder each, found by looking."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter  # whoever only wants the models need not wait for its import

NAMES = sorted(module.name for module in iter_modules(__path__) if module.ispkg)


def find_routers() -> Iterator[APIRouter]:
    """The router of each module, in the order of their names."""
    for name in NAMES:
        yield import_module(f".{name}.router", __name__).router


def import_models() -> None:
    """Make every table known to `orm.Base.metadata`; migrations and tests need them all."""
    for name in NAMES:
        import_module(f".{name}.models", __name__)

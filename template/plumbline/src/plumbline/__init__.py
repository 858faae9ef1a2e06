"""The platform of layered FastAPI services.

The names of `__all__` below are public and stay stable, and so are those of `plumbline.http` (for
routers), `plumbline.database` (for work of several transactions), `plumbline.server` (for a
service's `main.py`) and `plumbline.testing` (for tests). Everything else is private: it may change
with any update.

Names are imported on first use: pytest loads `plumbline.testing` before coverage is measured, and
importing all would hide what those imports ran.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .app import create_app
    from .caller import Caller, Carrier
    from .database.orm import NAMING_CONVENTION, Timestamps, UtcDateTime, UuidKey, now
    from .errors import (
        Conflict,
        DependencyUnavailable,
        Forbidden,
        Invalid,
        NotFound,
        PreconditionFailed,
        PreconditionRequired,
        SerializationFailure,
        ServiceError,
        TooManyAttempts,
        Unauthenticated,
        Unavailable,
    )
    from .logging import configure_logging
    from .migrate import run_migrations
    from .modules import Modules
    from .pagination import Cursor, Page, next_cursor
    from .service import Service
    from .settings import DatabaseUrl, ModuleSettings, Settings

__all__ = [
    "NAMING_CONVENTION",
    "Caller",
    "Carrier",
    "Conflict",
    "Cursor",
    "DatabaseUrl",
    "DependencyUnavailable",
    "Forbidden",
    "Invalid",
    "ModuleSettings",
    "Modules",
    "NotFound",
    "Page",
    "PreconditionFailed",
    "PreconditionRequired",
    "SerializationFailure",
    "Service",
    "ServiceError",
    "Settings",
    "Timestamps",
    "TooManyAttempts",
    "Unauthenticated",
    "Unavailable",
    "UtcDateTime",
    "UuidKey",
    "configure_logging",
    "create_app",
    "next_cursor",
    "now",
    "run_migrations",
]

_HOME = {
    "app": ("create_app",),
    "caller": ("Caller", "Carrier"),
    "database.orm": ("NAMING_CONVENTION", "Timestamps", "UtcDateTime", "UuidKey", "now"),
    "logging": ("configure_logging",),
    "migrate": ("run_migrations",),
    "modules": ("Modules",),
    "pagination": ("Cursor", "Page", "next_cursor"),
    "service": ("Service",),
    "settings": ("DatabaseUrl", "ModuleSettings", "Settings"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in __all__:
        message = f"module 'plumbline' has no attribute {name!r}"
        raise AttributeError(message)
    found: object = getattr(import_module(f"{__name__}.{_MODULE_OF.get(name, 'errors')}"), name)
    globals()[name] = found
    return found

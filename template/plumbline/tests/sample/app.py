"""The composition root of the sample."""

from collections.abc import Mapping

import plumbline
from fastapi import FastAPI
from plumbline import ModuleSettings
from plumbline.database import Database

from . import PREFIX
from .settings import Settings


def create_app(
    settings: Settings,
    database: Database | None = None,
    module_settings: Mapping[type[ModuleSettings], ModuleSettings] | None = None,
) -> FastAPI:
    """Build the application."""
    return plumbline.create_app(
        "sample",
        settings,
        database,
        module_settings,
        title="sample",
        description="A service for the tests of the platform.",
        prefix=PREFIX,
    )

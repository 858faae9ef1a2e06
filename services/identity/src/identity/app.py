"""The composition root: what the service is made of. Importing it connects to nothing."""

from collections.abc import Mapping

import plumbline
from fastapi import FastAPI
from plumbline import ModuleSettings
from plumbline.database import Database

from . import PREFIX
from .modules.access.verification import verify_credential
from .settings import Settings


def create_app(
    settings: Settings,
    database: Database | None = None,
    module_settings: Mapping[type[ModuleSettings], ModuleSettings] | None = None,
) -> FastAPI:
    """Build the application; `plumbline.create_app` describes the parameters and takes more.

    Middleware that is added to it runs before the platform's, the one that is added last first.
    """
    return plumbline.create_app(
        "identity",
        settings,
        database,
        module_settings,
        title="identity",
        description="Authentication: users, sessions and API keys.",
        prefix=PREFIX,
        verifier=verify_credential,
    )

"""What the platform has to know of the sample, and its production server."""

from typing import Final

from fastapi import FastAPI
from plumbline import Service, server

from .app import create_app
from .orm import Base
from .settings import Settings

SERVICE: Final = Service("sample", Settings, create_app, Base.metadata)


def production() -> FastAPI:
    """Build the application as the environment describes it."""
    return server.production(SERVICE)


if __name__ == "__main__":
    server.main(SERVICE)

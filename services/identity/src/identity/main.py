"""What production runs: this as a program, or uvicorn with `identity.main:production --factory`."""

from typing import Final

from fastapi import FastAPI
from plumbline import Service, server

from .app import create_app
from .orm import Base
from .settings import Settings

SERVICE: Final = Service("identity", Settings, create_app, Base.metadata)


def production() -> FastAPI:
    """Build the application as the environment describes it."""
    return server.production(SERVICE)


if __name__ == "__main__":
    server.main(SERVICE)

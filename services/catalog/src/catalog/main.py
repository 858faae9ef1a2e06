"""What production runs: this module as a program, or `production` with `uvicorn --factory`."""

from typing import Final

from fastapi import FastAPI
from plumbline import Service, server

from .app import create_app
from .orm import Base
from .settings import Settings

SERVICE: Final = Service("catalog", Settings, create_app, Base.metadata)


def production() -> FastAPI:
    """Build the application as the environment describes it."""
    return server.production(SERVICE)


if __name__ == "__main__":
    server.main(SERVICE)

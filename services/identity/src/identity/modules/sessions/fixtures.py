"""Logged-in clients, for the tests of all modules.

* `ann_client`, `bob_client`: each with a cookie of its own
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import FastAPI
from plumbline.database import Database
from plumbline.http import COOKIE
from plumbline.testing.client import client_of

from ..users import UserRead
from .service import SessionService
from .settings import Settings

DOMAIN = "test.local"  # what a cookie jar makes of the host `test`


@asynccontextmanager
async def logged_in(
    app: FastAPI,
    database: Database,
    user: UserRead,
) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a client with a session of this user."""
    async with database.write() as session:
        token = await SessionService(session, Settings()).open(user.id, "192.0.2.1", "a browser")
    async with client_of(app) as client:
        client.cookies.set(COOKIE, token, domain=DOMAIN)
        yield client


@pytest.fixture
async def ann_client(
    app: FastAPI,
    database: Database,
    ann: UserRead,
) -> AsyncIterator[httpx2.AsyncClient]:
    """Ann's browser."""
    async with logged_in(app, database, ann) as client:
        yield client


@pytest.fixture
async def bob_client(
    app: FastAPI,
    database: Database,
    bob: UserRead,
) -> AsyncIterator[httpx2.AsyncClient]:
    """Bob's browser."""
    async with logged_in(app, database, bob) as client:
        yield client

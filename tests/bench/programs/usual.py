"""FastAPI on SQLAlchemy as the documentation of both shows it, and as templates copy it.

One stock engine with the driver's own transactions and `create_all`, one session a request, which
commits and refreshes; the service's model and schemas, no layers, no middleware, no log.
"""

# mypy: disable-error-code="import-not-found,misc,untyped-decorator"
# The libraries are those of the service's environment, mypy's are those of the repository's.

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from catalog.modules.products.models import Product
from catalog.modules.products.schemas import ProductCreate, ProductPage, ProductRead
from catalog.orm import Base
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['BENCH_DATABASE']}")
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Create the tables."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


async def get_session() -> AsyncIterator[AsyncSession]:
    """One for each request."""
    async with sessions() as session:
        yield session


app = FastAPI(lifespan=lifespan)
Session = Annotated[AsyncSession, Depends(get_session)]


@app.post("/usual", status_code=201, response_model=ProductRead)
async def create(body: ProductCreate, session: Session) -> Product:
    """One transaction, and a query for what it stored."""
    row = Product(**body.model_dump())
    session.add(row)
    await session.commit()
    await session.refresh(row)
    return row


@app.get("/usual", response_model=ProductPage)
async def page(session: Session) -> dict[str, object]:
    """One query."""
    rows = await session.scalars(select(Product).order_by(Product.id).limit(50))
    return {"items": rows.all(), "next_cursor": None}


@app.get("/usual/{key}", response_model=ProductRead)
async def read(key: UUID, session: Session) -> Product:
    """One query."""
    row = await session.get(Product, key)
    if row is None:
        raise HTTPException(404)
    return row

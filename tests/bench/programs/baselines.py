"""Two bare applications for comparison: FastAPI with constants, and FastAPI on plain sqlite3.

They answer with the service's own schemas: one transaction or query, no layers, no ORM, no log.
"""

# mypy: disable-error-code="import-not-found,untyped-decorator"
# The libraries are those of the service's environment, mypy's are those of the repository's.

import os
from datetime import UTC, datetime
from uuid import UUID

from catalog.modules.products.schemas import ProductCreate, ProductPage, ProductRead
from fastapi import FastAPI
from plain import Plain
from uuid_utils.compat import uuid7

NOW = datetime.now(UTC)
ROW = ProductRead(
    id=uuid7(), name="blue", description="", version=1, created_at=NOW, updated_at=NOW
)
PAGE = ProductPage(items=[ROW] * 50, next_cursor=None)

app = FastAPI()
plain = Plain(os.environ["BENCH_DATABASE"])


@app.post("/constant", status_code=201)
async def create_constant(body: ProductCreate) -> ProductRead:  # noqa: ARG001 - FastAPI reads it
    """A constant."""
    return ROW


@app.get("/constant")
async def list_constants() -> ProductPage:
    """Fifty constants."""
    return PAGE


@app.get("/constant/{key}")
async def read_constant(key: UUID) -> ProductRead:  # noqa: ARG001 - FastAPI reads it
    """A constant."""
    return ROW


@app.post("/sqlite3", status_code=201)
async def create_row(body: ProductCreate) -> ProductRead:
    """One transaction, on the event loop."""
    return ProductRead.model_validate(plain.create(body.name, body.description))


@app.get("/sqlite3")
async def list_rows() -> ProductPage:
    """One query, on the event loop."""
    rows = [ProductRead.model_validate(row) for row in plain.page()]
    return ProductPage(items=rows, next_cursor=None)


@app.get("/sqlite3/{key}")
async def read_row(key: UUID) -> ProductRead:
    """One query, on the event loop."""
    return ProductRead.model_validate(plain.read(key))

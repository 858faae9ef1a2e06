"""The URLs of products: parse, one call, answer."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from plumbline import next_cursor
from plumbline.http import (
    ETAG,
    After,
    ExpectedVersions,
    Limit,
    ReadSession,
    WriteSession,
    etag,
    responses,
)

from .schemas import (
    ProductCreate,
    ProductPage,
    ProductRead,
    ProductUpdate,
)
from .service import ProductService

router = APIRouter(
    prefix="/products",
    tags=["products"],
    responses=responses(422),
)

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}


# POST /api/v1/products
@router.post(
    "",
    status_code=201,
    responses={201: {"headers": ETAG | LOCATION}, **responses(400, 409, 413)},
)
async def create_product(
    body: ProductCreate,
    session: WriteSession,
    request: Request,
    response: Response,
) -> ProductRead:
    """Create one; its name must be free."""
    row = await ProductService(session).create(body)
    response.headers["Location"] = f"{request.url.path}/{row.id}"
    response.headers["ETag"] = etag(row.version)
    return ProductRead.model_validate(row)


# GET /api/v1/products
@router.get("")
async def list_products(
    session: ReadSession,
    after: After = None,
    limit: Limit = 50,
) -> ProductPage:
    """A page of them, oldest first."""
    rows = await ProductService(session).page(after, limit)
    return ProductPage(
        items=[ProductRead.model_validate(row) for row in rows],
        next_cursor=next_cursor([row.id for row in rows], limit),
    )


# GET /api/v1/products/<id>
@router.get("/{key}", responses={200: {"headers": ETAG}, **responses(404)})
async def get_product(
    key: UUID,
    session: ReadSession,
    response: Response,
) -> ProductRead:
    """One of them, with its version as ETag."""
    row = await ProductService(session).get(key)
    response.headers["ETag"] = etag(row.version)
    return ProductRead.model_validate(row)


# PATCH /api/v1/products/<id>
@router.patch(
    "/{key}",
    responses={200: {"headers": ETAG}, **responses(400, 404, 409, 412, 413, 428)},
)
async def update_product(
    key: UUID,
    body: ProductUpdate,
    expected: ExpectedVersions,
    session: WriteSession,
    response: Response,
) -> ProductRead:
    """Change the given fields of one, if it is still as you read it."""
    row = await ProductService(session).update(key, body, expected)
    response.headers["ETag"] = etag(row.version)
    return ProductRead.model_validate(row)


# DELETE /api/v1/products/<id>
@router.delete(
    "/{key}",
    status_code=204,
    responses=responses(404, 409, 412, 428),
)
async def delete_product(
    key: UUID,
    expected: ExpectedVersions,
    session: WriteSession,
) -> None:
    """Remove one, if it is still as you read it."""
    await ProductService(session).delete(key, expected)

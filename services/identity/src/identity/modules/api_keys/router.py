"""The URLs of api keys: parse, one call, answer."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from ...dependencies import After, Limit, ReadSession, WriteSession
from ...pagination import next_cursor
from ...preconditions import ETAG, ExpectedVersions, etag
from ...problems import responses
from .schemas import (
    ApiKeyCreate,
    ApiKeyPage,
    ApiKeyRead,
    ApiKeyUpdate,
)
from .service import ApiKeyService

router = APIRouter(
    prefix="/api-keys",
    tags=["api keys"],
    responses=responses(422),
)

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}


# POST /api/v1/api-keys
@router.post(
    "",
    status_code=201,
    responses={201: {"headers": ETAG | LOCATION}, **responses(400, 409, 413)},
)
async def create_api_key(
    body: ApiKeyCreate,
    session: WriteSession,
    request: Request,
    response: Response,
) -> ApiKeyRead:
    """Create one; its name must be free."""
    row = await ApiKeyService(session).create(body)
    response.headers["Location"] = f"{request.url.path}/{row.id}"
    response.headers["ETag"] = etag(row.version)
    return ApiKeyRead.model_validate(row)


# GET /api/v1/api-keys
@router.get("")
async def list_api_keys(
    session: ReadSession,
    after: After = None,
    limit: Limit = 50,
) -> ApiKeyPage:
    """A page of them, oldest first."""
    rows = await ApiKeyService(session).page(after, limit)
    return ApiKeyPage(
        items=[ApiKeyRead.model_validate(row) for row in rows],
        next_cursor=next_cursor([row.id for row in rows], limit),
    )


# GET /api/v1/api-keys/<id>
@router.get("/{key}", responses={200: {"headers": ETAG}, **responses(404)})
async def get_api_key(
    key: UUID,
    session: ReadSession,
    response: Response,
) -> ApiKeyRead:
    """One of them, with its version as ETag."""
    row = await ApiKeyService(session).get(key)
    response.headers["ETag"] = etag(row.version)
    return ApiKeyRead.model_validate(row)


# PATCH /api/v1/api-keys/<id>
@router.patch(
    "/{key}",
    responses={200: {"headers": ETAG}, **responses(400, 404, 409, 412, 413, 428)},
)
async def update_api_key(
    key: UUID,
    body: ApiKeyUpdate,
    expected: ExpectedVersions,
    session: WriteSession,
    response: Response,
) -> ApiKeyRead:
    """Change the given fields of one, if it is still as you read it."""
    row = await ApiKeyService(session).update(key, body, expected)
    response.headers["ETag"] = etag(row.version)
    return ApiKeyRead.model_validate(row)


# DELETE /api/v1/api-keys/<id>
@router.delete(
    "/{key}",
    status_code=204,
    responses=responses(404, 409, 412, 428),
)
async def delete_api_key(
    key: UUID,
    expected: ExpectedVersions,
    session: WriteSession,
) -> None:
    """Remove one, if it is still as you read it."""
    await ApiKeyService(session).delete(key, expected)

"""The URLs of users: parse, one call, answer."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from ...dependencies import After, Limit, ReadSession, WriteSession
from ...pagination import next_cursor
from ...preconditions import ETAG, ExpectedVersions, etag
from ...problems import responses
from .schemas import (
    UserCreate,
    UserPage,
    UserRead,
    UserUpdate,
)
from .service import UserService

router = APIRouter(
    prefix="/users",
    tags=["users"],
    responses=responses(422),
)

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}


# POST /api/v1/users
@router.post(
    "",
    status_code=201,
    responses={201: {"headers": ETAG | LOCATION}, **responses(400, 409, 413)},
)
async def create_user(
    body: UserCreate,
    session: WriteSession,
    request: Request,
    response: Response,
) -> UserRead:
    """Create one; its name must be free."""
    row = await UserService(session).create(body)
    response.headers["Location"] = f"{request.url.path}/{row.id}"
    response.headers["ETag"] = etag(row.version)
    return UserRead.model_validate(row)


# GET /api/v1/users
@router.get("")
async def list_users(
    session: ReadSession,
    after: After = None,
    limit: Limit = 50,
) -> UserPage:
    """A page of them, oldest first."""
    rows = await UserService(session).page(after, limit)
    return UserPage(
        items=[UserRead.model_validate(row) for row in rows],
        next_cursor=next_cursor([row.id for row in rows], limit),
    )


# GET /api/v1/users/<id>
@router.get("/{key}", responses={200: {"headers": ETAG}, **responses(404)})
async def get_user(
    key: UUID,
    session: ReadSession,
    response: Response,
) -> UserRead:
    """One of them, with its version as ETag."""
    row = await UserService(session).get(key)
    response.headers["ETag"] = etag(row.version)
    return UserRead.model_validate(row)


# PATCH /api/v1/users/<id>
@router.patch(
    "/{key}",
    responses={200: {"headers": ETAG}, **responses(400, 404, 409, 412, 413, 428)},
)
async def update_user(
    key: UUID,
    body: UserUpdate,
    expected: ExpectedVersions,
    session: WriteSession,
    response: Response,
) -> UserRead:
    """Change the given fields of one, if it is still as you read it."""
    row = await UserService(session).update(key, body, expected)
    response.headers["ETag"] = etag(row.version)
    return UserRead.model_validate(row)


# DELETE /api/v1/users/<id>
@router.delete(
    "/{key}",
    status_code=204,
    responses=responses(404, 409, 412, 428),
)
async def delete_user(
    key: UUID,
    expected: ExpectedVersions,
    session: WriteSession,
) -> None:
    """Remove one, if it is still as you read it."""
    await UserService(session).delete(key, expected)

"""The URLs of sessions: parse, one call, answer."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from ...dependencies import After, Limit, ReadSession, WriteSession
from ...pagination import next_cursor
from ...preconditions import ETAG, ExpectedVersions, etag
from ...problems import responses
from .schemas import (
    SessionCreate,
    SessionPage,
    SessionRead,
    SessionUpdate,
)
from .service import SessionService

router = APIRouter(
    prefix="/sessions",
    tags=["sessions"],
    responses=responses(422),
)

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}


# POST /api/v1/sessions
@router.post(
    "",
    status_code=201,
    responses={201: {"headers": ETAG | LOCATION}, **responses(400, 409, 413)},
)
async def create_session(
    body: SessionCreate,
    session: WriteSession,
    request: Request,
    response: Response,
) -> SessionRead:
    """Create one; its name must be free."""
    row = await SessionService(session).create(body)
    response.headers["Location"] = f"{request.url.path}/{row.id}"
    response.headers["ETag"] = etag(row.version)
    return SessionRead.model_validate(row)


# GET /api/v1/sessions
@router.get("")
async def list_sessions(
    session: ReadSession,
    after: After = None,
    limit: Limit = 50,
) -> SessionPage:
    """A page of them, oldest first."""
    rows = await SessionService(session).page(after, limit)
    return SessionPage(
        items=[SessionRead.model_validate(row) for row in rows],
        next_cursor=next_cursor([row.id for row in rows], limit),
    )


# GET /api/v1/sessions/<id>
@router.get("/{key}", responses={200: {"headers": ETAG}, **responses(404)})
async def get_session(
    key: UUID,
    session: ReadSession,
    response: Response,
) -> SessionRead:
    """One of them, with its version as ETag."""
    row = await SessionService(session).get(key)
    response.headers["ETag"] = etag(row.version)
    return SessionRead.model_validate(row)


# PATCH /api/v1/sessions/<id>
@router.patch(
    "/{key}",
    responses={200: {"headers": ETAG}, **responses(400, 404, 409, 412, 413, 428)},
)
async def update_session(
    key: UUID,
    body: SessionUpdate,
    expected: ExpectedVersions,
    session: WriteSession,
    response: Response,
) -> SessionRead:
    """Change the given fields of one, if it is still as you read it."""
    row = await SessionService(session).update(key, body, expected)
    response.headers["ETag"] = etag(row.version)
    return SessionRead.model_validate(row)


# DELETE /api/v1/sessions/<id>
@router.delete(
    "/{key}",
    status_code=204,
    responses=responses(404, 409, 412, 428),
)
async def delete_session(
    key: UUID,
    expected: ExpectedVersions,
    session: WriteSession,
) -> None:
    """Remove one, if it is still as you read it."""
    await SessionService(session).delete(key, expected)

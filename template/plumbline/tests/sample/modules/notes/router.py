"""The URLs of notes: parse, one call, answer."""

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

from .schemas import NoteCreate, NotePage, NoteRead, NoteUpdate
from .service import NoteService

router = APIRouter(prefix="/notes", tags=["notes"], responses=responses(422))

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}


@router.post(
    "",
    status_code=201,
    responses={201: {"headers": ETAG | LOCATION}, **responses(400, 409, 413)},
)
async def create_note(
    body: NoteCreate, session: WriteSession, request: Request, response: Response
) -> NoteRead:
    """Create one; its title must be free."""
    row = await NoteService(session).create(body)
    response.headers["Location"] = f"{request.url.path}/{row.id}"
    response.headers["ETag"] = etag(row.version)
    return NoteRead.model_validate(row)


@router.get("")
async def list_notes(session: ReadSession, after: After = None, limit: Limit = 50) -> NotePage:
    """A page of them, oldest first."""
    rows = await NoteService(session).list(after, limit)
    return NotePage(
        items=[NoteRead.model_validate(row) for row in rows],
        next_cursor=next_cursor([row.id for row in rows], limit),
    )


@router.get("/{note_id}", responses={200: {"headers": ETAG}, **responses(404)})
async def get_note(note_id: UUID, session: ReadSession, response: Response) -> NoteRead:
    """One of them, with its version as ETag."""
    row = await NoteService(session).get(note_id)
    response.headers["ETag"] = etag(row.version)
    return NoteRead.model_validate(row)


@router.patch(
    "/{note_id}",
    responses={200: {"headers": ETAG}, **responses(400, 404, 409, 412, 413, 428)},
)
async def update_note(
    note_id: UUID,
    body: NoteUpdate,
    expected: ExpectedVersions,
    session: WriteSession,
    response: Response,
) -> NoteRead:
    """Change the given fields of one, if it is still as you read it."""
    row = await NoteService(session).update(note_id, body, expected)
    response.headers["ETag"] = etag(row.version)
    return NoteRead.model_validate(row)


@router.delete("/{note_id}", status_code=204, responses=responses(404, 412, 428))
async def delete_note(note_id: UUID, expected: ExpectedVersions, session: WriteSession) -> None:
    """Remove one, if it is still as you read it."""
    await NoteService(session).delete(note_id, expected)

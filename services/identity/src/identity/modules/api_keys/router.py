"""The URLs of API keys: create, list, revoke."""

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, FastAPI
from plumbline import Caller, next_cursor
from plumbline.http import After, CurrentDatabase, Limit, ReadSession, needs, responses
from sqlalchemy.ext.asyncio import AsyncSession

from ...peer import no_store
from ..access import register_credentials
from .schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyPage, ApiKeyRead
from .service import ApiKeyService

log = structlog.get_logger()


def _credentials_in(_: FastAPI, session: AsyncSession) -> ApiKeyService:
    return ApiKeyService(session)


router = APIRouter(
    prefix="/auth/api-keys",
    tags=["api keys"],
    dependencies=[Depends(no_store)],
    responses=responses(401, 403, 422),
    lifespan=register_credentials("api_key", _credentials_in),
)

Reader = Annotated[Caller, needs("account:read")]
Writer = Annotated[Caller, needs("account:write")]


# POST /api/v1/auth/api-keys
@router.post("", status_code=201, responses=responses(400, 409, 413))
async def create_api_key(
    body: ApiKeyCreate,
    caller: Writer,
    database: CurrentDatabase,
) -> ApiKeyCreated:
    """Create one. This response shows the key, and no other ever does."""
    async with database.write() as session:
        row, key = await ApiKeyService(session).create(caller, body)
    log.info("api_key.created", user=str(caller.user), prefix=row.prefix)
    shown = ApiKeyRead.model_validate(row).model_dump()
    return ApiKeyCreated(**shown, key=key)


# GET /api/v1/auth/api-keys
@router.get("")
async def list_api_keys(
    caller: Reader,
    session: ReadSession,
    after: After = None,
    limit: Limit = 50,
) -> ApiKeyPage:
    """List your keys, oldest first: each with its prefix and its last use."""
    rows = await ApiKeyService(session).page(caller.user, after, limit)
    return ApiKeyPage(
        items=[ApiKeyRead.model_validate(row) for row in rows],
        next_cursor=next_cursor([row.id for row in rows], limit),
    )


# DELETE /api/v1/auth/api-keys/<id>
@router.delete("/{key}", status_code=204, responses=responses(404))
async def revoke_api_key(
    key: UUID,
    caller: Writer,
    database: CurrentDatabase,
) -> None:
    """Revoke one; it is invalid at once."""
    async with database.write() as session:
        await ApiKeyService(session).revoke(caller.user, key)
    log.info("api_key.revoked", user=str(caller.user), key=str(key))

"""The URLs of users: register, and read one's own account."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends
from plumbline import Caller
from plumbline.http import (
    CurrentDatabase,
    ReadSession,
    needs,
    require_same_origin,
    responses,
    settings_of,
)

from ...peer import CurrentPeer, no_store
from ..attempts import AttemptService
from ..attempts import Settings as AttemptSettings
from .passwords import hash_password
from .schemas import Registration, UserRead
from .service import UserService

log = structlog.get_logger()

router = APIRouter(
    prefix="/auth",
    tags=["users"],
    dependencies=[Depends(require_same_origin), Depends(no_store)],
)

AttemptRules = Annotated[AttemptSettings, Depends(settings_of(AttemptSettings))]


# POST /api/v1/auth/register
@router.post(
    "/register",
    status_code=201,
    responses=responses(400, 403, 409, 413, 422, 429),
)
async def register(
    body: Registration,
    database: CurrentDatabase,
    peer: CurrentPeer,
    rules: AttemptRules,
) -> UserRead:
    """Register a user; the e-mail must be unique, in whatever case."""
    async with database.write() as session:
        await AttemptService(session, rules).begin(peer.address)
    password_hash = await hash_password(body.password, body.email)

    async def store() -> UserRead:
        async with database.write() as session:
            row = await UserService(session).register(body.email, password_hash)
        return UserRead.model_validate(row)

    user = await database.retry_on_conflict(store)  # counts and hashes nothing again
    log.info("user.registered", user=str(user.id), address=peer.address)
    return user


# GET /api/v1/auth/me
@router.get("/me", responses=responses(401, 403))
async def read_me(
    caller: Annotated[Caller, needs("account:read")],
    session: ReadSession,
) -> UserRead:
    """Return your own account."""
    return UserRead.model_validate(await UserService(session).get(caller.user))

"""The URLs of users: register, and read oneself."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends

from ...client import CurrentClient, no_store
from ...dependencies import CurrentDatabase, ReadSession, settings_of
from ...problems import responses
from ..access import Caller
from ..access.dependencies import needs, require_same_origin
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
    client: CurrentClient,
    rules: AttemptRules,
) -> UserRead:
    """Become a user; nobody else may have the e-mail, however it is written."""
    async with database.write() as session:
        await AttemptService(session, rules).begin(client.address)
    password_hash = await hash_password(body.password, body.email)

    async def store() -> UserRead:
        async with database.write() as session:
            row = await UserService(session).register(body.email, password_hash)
        return UserRead.model_validate(row)

    user = await database.repeat(store)  # without counting and hashing once more
    log.info("user.registered", user=str(user.id), address=client.address)
    return user


# GET /api/v1/auth/me
@router.get("/me", responses=responses(401, 403))
async def read_me(
    caller: Annotated[Caller, needs("account:read")],
    session: ReadSession,
) -> UserRead:
    """Who you are."""
    return UserRead.model_validate(await UserService(session).get(caller.user))

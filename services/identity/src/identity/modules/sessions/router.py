"""The URLs of sessions: log in and out, change the password, list and end sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Response
from plumbline import Caller, next_cursor
from plumbline.http import (
    After,
    Limit,
    ReadSession,
    WriteSession,
    needs,
    require_same_origin,
    responses,
    session_token,
)
from sqlalchemy.ext.asyncio import AsyncSession

from ...peer import no_store
from ..access import register_credentials
from ..users import UserRead
from .authentication import CurrentAuthentication, Rules
from .cookie import delete_cookie, set_cookie
from .schemas import Login, PasswordChange, SessionPage, SessionRead
from .service import SessionService
from .settings import Settings


def _credentials_in(app: FastAPI, session: AsyncSession) -> SessionService:
    return SessionService(session, app.state.module_settings[Settings])


router = APIRouter(
    prefix="/auth",
    tags=["sessions"],
    dependencies=[Depends(require_same_origin), Depends(no_store)],
    lifespan=register_credentials("session", _credentials_in),
)

Token = Annotated[str | None, Depends(session_token)]
Reader = Annotated[Caller, needs("account:read")]
Writer = Annotated[Caller, needs("account:write")]


# POST /api/v1/auth/login
@router.post("/login", responses=responses(400, 401, 403, 413, 422, 429))
async def login(
    body: Login,
    authentication: CurrentAuthentication,
    rules: Rules,
    response: Response,
    old_token: Token,
) -> UserRead:
    """Log in; a wrong e-mail and a wrong password get the same response."""
    user, token = await authentication.login(body, old_token)
    set_cookie(response, token, rules.lifetime)
    return user


# POST /api/v1/auth/logout
@router.post("/logout", status_code=204, responses=responses(403, 422))
async def logout(
    session: WriteSession,
    rules: Rules,
    response: Response,
    token: Token,
) -> None:
    """End this session, if there is one; its token is invalid at once."""
    if token is not None:
        await SessionService(session, rules).end_by_token(token)
    delete_cookie(response)


# POST /api/v1/auth/logout-everywhere
@router.post("/logout-everywhere", status_code=204, responses=responses(401, 403))
async def logout_everywhere(
    caller: Writer,
    session: WriteSession,
    rules: Rules,
    response: Response,
) -> None:
    """End all your sessions, this one included. API keys stay valid."""
    await SessionService(session, rules).end_all(caller.user)
    delete_cookie(response)


# POST /api/v1/auth/change-password
@router.post(
    "/change-password",
    status_code=204,
    responses=responses(400, 401, 403, 413, 422, 429),
)
async def change_password(
    body: PasswordChange,
    caller: Writer,
    authentication: CurrentAuthentication,
    rules: Rules,
    response: Response,
) -> None:
    """Change it; this ends all other sessions and gives this one a new token. API keys stay."""
    token = await authentication.change_password(caller, body)
    if token is not None:
        set_cookie(response, token, rules.lifetime)


# GET /api/v1/auth/sessions
@router.get("/sessions", responses=responses(401, 403, 422))
async def list_sessions(
    caller: Reader,
    session: ReadSession,
    rules: Rules,
    after: After = None,
    limit: Limit = 50,
) -> SessionPage:
    """List where you are logged in, oldest first."""
    rows = await SessionService(session, rules).page(caller.user, after, limit)
    items = [SessionRead.model_validate(row) for row in rows]
    for item in items:
        item.current = item.id == caller.credential
    return SessionPage(items=items, next_cursor=next_cursor([row.id for row in rows], limit))


# DELETE /api/v1/auth/sessions/<id>
@router.delete("/sessions/{key}", status_code=204, responses=responses(401, 403, 404, 422))
async def end_session(
    key: UUID,
    caller: Writer,
    session: WriteSession,
    rules: Rules,
) -> None:
    """End one of your sessions."""
    await SessionService(session, rules).end(caller.user, key)

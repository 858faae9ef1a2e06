"""What endpoints of other modules ask for: `caller: Annotated[Caller, needs("orders:write")]`.

The OpenAPI document says it, too. Let it stand before the endpoint's session, as FastAPI opens that
in the order of the parameters: no transaction should be open while somebody is looked up.
"""

from typing import Annotated, Final

from fastapi import Request, Security, params
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from ...errors import Forbidden, Unauthenticated
from .caller import COOKIE, Caller
from .cookie import SessionCookie, session_token
from .same_origin import require_same_origin
from .verification import verify

__all__ = ["needs", "require_same_origin", "session_token", "verify"]

SESSION: Final = SessionCookie(
    name=COOKIE, scheme_name="session", description="From logging in.", auto_error=False
)
API_KEY: Final = HTTPBearer(
    scheme_name="api_key", description="A key that a user has made.", auto_error=False
)


async def get_caller(
    needed: SecurityScopes,
    request: Request,
    token: Annotated[str | None, Security(SESSION)],
    key: Annotated[HTTPAuthorizationCredentials | None, Security(API_KEY)],
) -> Caller:
    """Whoever sent this request; of two credentials, the API key counts.

    Raises `Unauthenticated` without a valid one, and `Forbidden` when it lacks a scope, or when
    another site makes a browser use its cookie.
    """
    caller = None
    if key is not None:
        caller = await verify(request, "api_key", key.credentials)
    elif token is not None:
        await require_same_origin(request)
        caller = await verify(request, "session", token)
    if caller is None:
        raise Unauthenticated("Log in, or send an API key.")
    for scope in needed.scopes:
        if not caller.may(scope):
            raise Forbidden(f"This API key is not for {scope}.")
    return caller


def needs(scope: str) -> params.Security:
    """A caller who may do this, such as `orders:write`: for `Annotated[Caller, …]`.

    Or for the `dependencies=[…]` of a router, all of whose endpoints then need it.
    """
    return params.Security(get_caller, scopes=[scope])

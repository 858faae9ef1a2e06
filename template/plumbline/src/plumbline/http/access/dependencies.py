"""What endpoints ask for: `caller: Annotated[Caller, needs("orders:write")]`.

The OpenAPI document says it, too. Put it before the endpoint's session, as FastAPI opens that in
the order of the parameters: no transaction should be open while the caller is looked up.
"""

from typing import Annotated, Final

from fastapi import Request, Security, params
from fastapi.security import HTTPAuthorizationCredentials, SecurityScopes
from fastapi.security.http import HTTPBase

from ...caller import Caller
from ...errors import Forbidden, Unauthenticated
from .cookie import COOKIE, SessionCookie
from .same_origin import require_same_origin
from .verifier import verify

SESSION: Final = SessionCookie(
    name=COOKIE, scheme_name="session", description="From logging in.", auto_error=False
)
API_KEY: Final = HTTPBase(  # of whichever scheme: `get_caller` compares it
    scheme="bearer",
    scheme_name="api_key",
    description="A key that a user has made.",
    auto_error=False,
)


async def get_caller(
    needed: SecurityScopes,
    request: Request,
    token: Annotated[str | None, Security(SESSION)],
    key: Annotated[HTTPAuthorizationCredentials | None, Security(API_KEY)],
) -> Caller:
    """Return the caller of this request; of two credentials, the API key counts.

    Raises `Unauthenticated` without a valid credential, and `Forbidden` when it lacks a scope, or
    when another site makes a browser use its cookie.
    """
    caller = None
    if key is not None and key.scheme.lower() == request.app.state.auth_scheme.lower():
        caller = await verify(request, "api_key", key.credentials)
    elif token is not None:
        await require_same_origin(request)
        caller = await verify(request, "session", token)
    if caller is None:
        raise Unauthenticated("Log in, or send an API key.")
    for scope in needed.scopes:
        if not caller.may(scope):
            raise Forbidden(f"This API key does not permit {scope}.")
    return caller


def needs(scope: str) -> params.Security:
    """Require a caller with this scope, such as `orders:write`: for `Annotated[Caller, …]`.

    Or for the `dependencies=[…]` of a router, all of whose endpoints then need it.
    """
    return params.Security(get_caller, scopes=[scope])

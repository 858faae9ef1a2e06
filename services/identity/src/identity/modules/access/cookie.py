"""The cookie of a session, by exactly its name: the prefix `__Host-` protects no other one.

Starlette cuts what Latin-1 takes for spaces around a name. Browsers do not: for them such a cookie
has no prefix, and a neighbouring host may set it.
"""

import re
from typing import Final

from fastapi.requests import HTTPConnection
from fastapi.security import APIKeyCookie

from .caller import COOKIE

EXACT: Final = re.compile(rf"(?:^|;) ?{COOKIE}=([^;]*)")


async def session_token(connection: HTTPConnection) -> str | None:
    """For `Depends`: the token that a browser sends, unless it sends none or several."""
    found = EXACT.findall("; ".join(connection.headers.getlist("cookie")))
    return found[0] if len(found) == 1 else None


class SessionCookie(APIKeyCookie):
    """What the OpenAPI document says of it."""

    async def __call__(self, connection: HTTPConnection) -> str | None:
        """The token."""
        return await session_token(connection)

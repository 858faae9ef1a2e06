"""The session cookie, by exactly its name: the prefix `__Host-` protects no other one.

Starlette cuts what Latin-1 takes for spaces around a name. Browsers do not: for them such a cookie
has no prefix, and a neighbouring host may set it.
"""

import re
from typing import Final

from fastapi.requests import HTTPConnection
from fastapi.security import APIKeyCookie

# Browsers accept this prefix only from the host itself, over HTTPS, and for all its paths:
# RFC 6265bis, 4.1.3.2.
COOKIE: Final = "__Host-session"
EXACT: Final = re.compile(rf"(?:^|;) ?{COOKIE}=([^;]*)")


async def session_token(connection: HTTPConnection) -> str | None:
    """Return the token that a browser sends, unless it sends none or several; for `Depends`."""
    found = EXACT.findall("; ".join(connection.headers.getlist("cookie")))
    return found[0] if len(found) == 1 else None


class SessionCookie(APIKeyCookie):
    """The session cookie, as the OpenAPI document describes it."""

    async def __call__(self, connection: HTTPConnection) -> str | None:
        """Return the token."""
        return await session_token(connection)

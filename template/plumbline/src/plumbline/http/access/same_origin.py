"""Refuses writes that a browser sends on behalf of another site: CSRF protection.

Browsers say where a request comes from, in a header that no script can set: Fetch Metadata, and
older ones `Origin`. A client that sends neither is no browser, so its cookies cannot be misused.
(OWASP, Cross-Site Request Forgery Prevention Cheat Sheet, "Fetch Metadata headers".)
"""

from typing import Final

from fastapi import Request

from ...errors import Forbidden

SAFE: Final = {"GET", "HEAD", "OPTIONS"}  # they change nothing
OWN: Final = {"same-origin", "none"}  # none: the user typed the address


async def require_same_origin(request: Request) -> None:
    """Raise `Forbidden` for a write from another site; for `Depends`, before a cookie is used."""
    if request.method not in SAFE and not _is_own(request):
        raise Forbidden("This request comes from another site.")


def _is_own(request: Request) -> bool:
    if site := request.headers.get("sec-fetch-site"):
        return site in OWN
    origin = request.headers.get("origin")
    host = request.headers.get("host")
    return origin is None or origin in {f"https://{host}", f"http://{host}"}

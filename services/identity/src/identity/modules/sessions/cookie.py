"""The cookie that carries a session's token: for HTTPS alone, no script's, and no other site's."""

from datetime import timedelta

from fastapi import Response

from ..access import COOKIE


def set_cookie(response: Response, token: str, lifetime: timedelta) -> None:
    """Give the browser a token, for as long as it can be of use."""
    seconds = int(lifetime.total_seconds())
    response.set_cookie(
        COOKIE, token, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def delete_cookie(response: Response) -> None:
    """Take it away again."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")

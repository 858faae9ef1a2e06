"""The cookie with the token of a session: Secure, HttpOnly, and SameSite=Strict."""

from datetime import timedelta

from fastapi import Response
from plumbline.http import COOKIE


def set_cookie(response: Response, token: str, lifetime: timedelta) -> None:
    """Set the cookie, for as long as the session lasts."""
    seconds = int(lifetime.total_seconds())
    response.set_cookie(
        COOKIE, token, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def delete_cookie(response: Response) -> None:
    """Delete the cookie."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")

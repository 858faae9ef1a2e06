"""Repeats a request whose transaction was undone because another one came first."""

from http import HTTPStatus
from typing import Final

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .database import Database
from .errors import TryAgain
from .problems import problem

log = structlog.get_logger()

READING: Final = {"GET", "HEAD", "OPTIONS"}  # never undone


class Repeat:
    """Middleware. Endpoints run again from their start, so they must do nothing but write.

    That is safe as `dependencies.py` commits before anything is sent. What belongs to a change but
    cannot be undone, such as a mail, is done after it was committed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, more than once if need be; its body is kept for that."""
        if scope["type"] != "http" or scope["method"] in READING:
            await self._app(scope, receive, send)
            return
        database: Database = scope["app"].state.database
        received: list[Message] = []

        async def attempt() -> None:
            again = iter([*received])

            async def replay() -> Message:
                if (message := next(again, None)) is None:
                    message = await receive()
                    received.append(message)
                return message

            await self._app({**scope}, replay, send)

        try:
            await database.repeat(attempt)
        except TryAgain as error:
            log.error("database.contention", reason=str(error))  # noqa: TRY400 - no use in a trace
            detail = "Too many change the same at once; try again."
            busy = problem(
                Request(scope),
                HTTPStatus.SERVICE_UNAVAILABLE,
                detail,
                headers={"Retry-After": "1"},
            )
            await busy(scope, receive, send)

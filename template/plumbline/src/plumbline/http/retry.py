"""Retries a request whose transaction was rolled back because a concurrent one won."""

from http import HTTPStatus
from typing import Final

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..database.database import Database
from ..errors import SerializationFailure
from .error_format import error_response

log = structlog.get_logger()

READING: Final = {"GET", "HEAD", "OPTIONS"}  # never rolled back


class RetryMiddleware:
    """Retries a request on serialization failure.

    Endpoints must therefore have no side effects outside the database transaction, which is
    committed before the response is sent; see `dependencies.py`.
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
            await database.retry_on_conflict(attempt)
        except SerializationFailure as error:
            log.error("database.contention", reason=str(error))  # noqa: TRY400 - no use in a trace
            busy = error_response(
                Request(scope),
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Too many concurrent changes of the same data; try again.",
                headers={"Retry-After": "1"},
            )
            await busy(scope, receive, send)

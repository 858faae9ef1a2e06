"""One id and one log line for each request; an unexpected error becomes a bare 500 here."""

import re
from http import HTTPStatus
from time import perf_counter
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from .error_format import error_response

log = structlog.get_logger()

HEADER: Final = "X-Request-ID"
ACCEPTED: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")  # nothing that could forge a log line


class RequestLogMiddleware:
    """Puts the caller's request id, or a new one, into every log line and response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if ACCEPTED.fullmatch(given) else uuid7().hex
        started = perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            except Exception:
                log.exception("request.failed")
                if status:  # the response has begun and cannot be replaced
                    raise
                failed = error_response(Request(scope), HTTPStatus.INTERNAL_SERVER_ERROR)
                await failed(scope, receive, send_with_id)
            finally:
                log.info(
                    "request.served",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round((perf_counter() - started) * 1000, 1),
                )

"""Serves an application in its own event loop for callers that have another one.

The connections of its database belong to that loop.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


def served_in(loop: asyncio.AbstractEventLoop, app: ASGIApp) -> ASGIApp:
    """Return the application, already started, for other threads; requests are served in `loop`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = [await receive()]
        while asked[-1].get("more_body"):
            asked.append(await receive())
        answering = asyncio.run_coroutine_threadsafe(_answer(app, scope, asked), loop)
        for message in await asyncio.wrap_future(answering):
            await send(message)

    return serve


async def _answer(app: ASGIApp, scope: Scope, asked: list[Message]) -> list[Message]:
    rest, answered = iter(asked), list[Message]()

    async def receive() -> Message:
        if message := next(rest, None):
            return message
        await asyncio.Event().wait()  # the client stays until it has the answer
        raise AssertionError

    async def send(message: Message) -> None:
        answered.append(message)

    await app(scope, receive, send)
    return answered

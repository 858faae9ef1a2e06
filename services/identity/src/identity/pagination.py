"""Pages by keyset: stable while rows come and go, and as fast at the end as at the start."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, PlainSerializer, WithJsonSchema


def _decode(cursor: object) -> UUID:
    try:
        return UUID(bytes=urlsafe_b64decode(f"{cursor}=="))
    except ValueError:
        message = "not a cursor: use next_cursor of the page before"
        raise ValueError(message) from None


def _encode(last: UUID) -> str:
    return urlsafe_b64encode(last.bytes).decode().rstrip("=")


Cursor = Annotated[
    UUID,
    BeforeValidator(_decode),
    PlainSerializer(_encode),
    WithJsonSchema({"type": "string"}),
]
"""The id of the last row of a page; to clients a word without meaning."""


class Page(BaseModel):
    """What every page has; a resource adds its `items`."""

    next_cursor: str | None


def next_cursor(ids: list[UUID], limit: int) -> str | None:
    """The cursor behind `ids`, unless a page shorter than `limit` shows that they are the last."""
    return _encode(ids[-1]) if len(ids) == limit else None

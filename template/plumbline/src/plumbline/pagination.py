"""Pages by keyset: stable while rows come and go, and as fast at the end as at the start."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, PlainSerializer, WithJsonSchema

SHAPE: Final = "[A-Za-z0-9_-]{22}"


def _decode(cursor: object) -> UUID:
    if not re.fullmatch(SHAPE, str(cursor)):
        message = "not a cursor: use next_cursor of the page before"
        raise ValueError(message)
    return UUID(bytes=urlsafe_b64decode(f"{cursor}=="))


def _encode(last: UUID) -> str:
    return urlsafe_b64encode(last.bytes).decode().rstrip("=")


Cursor = Annotated[
    UUID,
    BeforeValidator(_decode),
    PlainSerializer(_encode),
    WithJsonSchema({"type": "string", "pattern": f"^{SHAPE}$"}),
]
"""The id of the last row of a page, as an opaque text."""


class Page(BaseModel):
    """A page of a list; a resource adds its `items`."""

    next_cursor: str | None


def next_cursor(ids: list[UUID], limit: int) -> str | None:
    """Return the cursor after `ids`; None for a page shorter than `limit`, which is the last."""
    return _encode(ids[-1]) if len(ids) == limit else None

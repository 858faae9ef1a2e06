"""Optimistic concurrency over HTTP: `ETag` has the version, `If-Match` asks for it."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header

from ..errors import PreconditionRequired

ETAG: Final = {"ETag": {"schema": {"type": "string"}, "description": "The version, for If-Match."}}


def etag(version: int) -> str:
    """Return the entity tag of a version: `"7"`, quotes included."""
    return f'"{version}"'


async def _expected_versions(
    if_match: Annotated[str | None, Header(description='The ETag last read, such as "1".')] = None,
) -> frozenset[int] | None:
    """Return the versions that the caller accepts; None for `*`, which accepts any.

    A tag that is not ours matches nothing: the response is then 412, as RFC 9110 (13.1.1) asks.
    """
    if if_match is None:
        raise PreconditionRequired("Send If-Match with the ETag that you read.")
    tags = {tag.strip() for tag in if_match.split(",")}
    if "*" in tags:
        return None
    return frozenset(int(tag.strip('"')) for tag in tags if _is_ours(tag))


def _is_ours(tag: str) -> bool:
    return re.fullmatch('"[0-9]{1,18}"', tag) is not None


ExpectedVersions = Annotated[frozenset[int] | None, Depends(_expected_versions)]
"""The versions that the caller accepts, from `If-Match`; None accepts any. Without it: 428."""

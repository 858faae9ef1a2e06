"""Secrets that the service hands out: 256 random bits, of which it keeps a digest only."""

import secrets
from hashlib import sha256
from typing import Final

RANDOM_BYTES: Final = 32


def new_token(prefix: str = "") -> str:
    """A secret for one client, in letters that need no escaping in a header or a cookie."""
    return prefix + secrets.token_urlsafe(RANDOM_BYTES)


def digest(token: str) -> bytes:
    """What is kept of a secret: 32 bytes, by which it is found again.

    A slow hash is for what people think up; of 256 random bits, none can be guessed.
    """
    return sha256(token.encode()).digest()

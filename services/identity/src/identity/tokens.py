"""Secrets that the service issues: 256 random bits, of which only a digest is stored."""

import secrets
from hashlib import sha256
from typing import Final

RANDOM_BYTES: Final = 32


def new_token(prefix: str = "") -> str:
    """Return a new secret, in characters that need no escaping in a header or a cookie."""
    return prefix + secrets.token_urlsafe(RANDOM_BYTES)


def digest(token: str) -> bytes:
    """Return what is stored of a secret: 32 bytes, by which it is looked up.

    A slow hash is for what people think up; of 256 random bits, none can be guessed.
    """
    return sha256(token.encode()).digest()

"""A small service on which the platform's own tests run."""

from typing import Final

PREFIX: Final = "/api/v1"

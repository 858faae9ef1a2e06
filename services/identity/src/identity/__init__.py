"""The identity service: README.md says what it does."""

from typing import Final

PREFIX: Final = "/api/v1"  # of the URLs of all modules

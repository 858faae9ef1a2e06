"""Who sent a request, and the kind of credential that proves it; knows no HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Carrier = Literal["session", "api_key"]
"""The kind of a credential."""


@dataclass(frozen=True)
class Caller:
    """A user, in person or through an API key.

    `credential` is the id of the session or API key, and `expires_at` when that ends. `scopes` have
    the form `resource:action`; None permits everything, as in a session, where a user acts in
    person.
    """

    user: UUID
    credential: UUID
    scopes: frozenset[str] | None
    expires_at: datetime

    def may(self, scope: str) -> bool:
        """Return whether the credential permits this scope."""
        return self.scopes is None or scope in self.scopes

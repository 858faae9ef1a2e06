"""Who sent a request, and what it carried to prove that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

Carrier = Literal["session", "api_key"]

# Browsers accept this prefix only from the host itself, over HTTPS, and for all its paths:
# RFC 6265bis, 4.1.3.2.
COOKIE: Final = "__Host-session"


@dataclass(frozen=True)
class Caller:
    """A user, in person or through an API key.

    `credential` is the id of the session or API key, and `expires_at` when that ends. `scopes` are
    what it may be used for; None is everything, as in a session, where a user acts in person.
    """

    user: UUID
    credential: UUID
    scopes: frozenset[str] | None
    expires_at: datetime

    def may(self, scope: str) -> bool:
        """Whether the credential is good for this."""
        return self.scopes is None or scope in self.scopes

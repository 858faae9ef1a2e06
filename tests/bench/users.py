"""Users of identity, and the requests of them, of their programs and of other services."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from .serving import get, post
from .workbench import Workbench

URL: Final = "/api/v1/auth"
USERS: Final = 16  # who log in


@dataclass(frozen=True)
class Users:
    """The users of a new database, and their credentials; see programs/users.py."""

    emails: list[str]
    password: str
    user: str
    token: str
    api_key: str
    service_key: str
    known: str
    database_url: str

    @classmethod
    def of(cls, bench: Workbench) -> Self:
        """Users of a new database."""
        url = f"sqlite+aiosqlite:///{bench.database('users')}"
        return cls(**bench.ask("users", url, USERS), database_url=url)

    @property
    def settings(self) -> dict[str, str]:
        """Those of an identity that has these users."""
        known = {"IDENTITY_INTROSPECTION_KEYS": self.known}
        return known | {"IDENTITY_DATABASE_URL": self.database_url}

    @cached_property
    def logins(self) -> list[str]:
        """One of each user, as the limit of an account allows few logins at once."""
        return [
            post(f"{URL}/login", {"email": email, "password": self.password})
            for email in self.emails
        ]

    @cached_property
    def me(self) -> str:
        """Who the owner of a session is; a browser would send its cookie by HTTPS alone."""
        return get(f"{URL}/me", f"Cookie: __Host-session={self.token}")

    @cached_property
    def me_by_key(self) -> str:
        """Who the owner of an API key is."""
        return get(f"{URL}/me", f"Authorization: Bearer {self.api_key}")

    @cached_property
    def introspection(self) -> str:
        """Whose a session is, which another service asks."""
        question = {"carrier": "session", "secret": self.token}
        return post(f"{URL}/introspect", question, f"Authorization: Bearer {self.service_key}")

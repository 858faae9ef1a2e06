"""What clients send and get; unknown fields are refused."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from ...pagination import Page
from ..users import Email, NewPassword, Password


class Request(BaseModel):
    """The rules for everything that a client sends."""

    model_config = ConfigDict(extra="forbid")


class Login(Request):
    """Who somebody says they are, and what proves it."""

    email: Email
    password: Password


class PasswordChange(Request):
    """The password until now, and that from now on."""

    current: Password
    new: NewPassword


class SessionRead(BaseModel):
    """A session; `current` is the one that asks."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    address: str
    agent: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    current: bool = False


class SessionPage(Page):
    """Some, oldest first."""

    items: list[SessionRead]

"""What clients send and get; unknown fields are refused."""

from datetime import datetime
from uuid import UUID

from plumbline import Page
from pydantic import BaseModel, ConfigDict

from ..users import Email, NewPassword, Password


class Request(BaseModel):
    """The base of all request bodies."""

    model_config = ConfigDict(extra="forbid")


class Login(Request):
    """The e-mail of a user, and the password that proves it."""

    email: Email
    password: Password


class PasswordChange(Request):
    """The current password, and the new one."""

    current: Password
    new: NewPassword


class SessionRead(BaseModel):
    """A session; `current` is true for that of the request."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    address: str
    agent: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    current: bool = False


class SessionPage(Page):
    """A page of sessions, oldest first."""

    items: list[SessionRead]

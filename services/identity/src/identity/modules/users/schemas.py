"""What clients send and get; unknown fields are refused."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
)

from .passwords import MAX_LENGTH, MIN_LENGTH


def _require_bare_address(given: object) -> object:
    if isinstance(given, str) and "<" in given:  # pydantic takes `Ann <ann@example.org>`, too
        message = "expected an e-mail without a name"
        raise ValueError(message)
    return given


Email = Annotated[EmailStr, BeforeValidator(_require_bare_address), AfterValidator(str.lower)]
"""An e-mail in lower case: no provider distinguishes mailboxes by case."""

Password = Annotated[SecretStr, Field(max_length=MAX_LENGTH)]
"""A password to verify, so of any strength; never shown, and used exactly as it was sent."""

NewPassword = Annotated[SecretStr, Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]


class Registration(BaseModel):
    """What a new user needs."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    password: NewPassword


class UserRead(BaseModel):
    """A user's own account."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    created_at: datetime

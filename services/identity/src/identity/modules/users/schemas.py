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

from .passwords import LEAST, MOST


def _alone(given: object) -> object:
    if isinstance(given, str) and "<" in given:  # pydantic takes `Ann <ann@example.org>`, too
        message = "an e-mail stands alone, without a name"
        raise ValueError(message)
    return given


Email = Annotated[EmailStr, BeforeValidator(_alone), AfterValidator(str.lower)]
"""The same for all ways to write it: no provider tells mailboxes apart by case."""

Password = Annotated[SecretStr, Field(max_length=MOST)]
"""One that is to be verified, so of any strength; never shown, and used exactly as it was sent."""

NewPassword = Annotated[SecretStr, Field(min_length=LEAST, max_length=MOST)]


class Registration(BaseModel):
    """All that a new user needs."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    password: NewPassword


class UserRead(BaseModel):
    """A user, as they may see themselves."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    created_at: datetime

"""The request and the response of introspection; the word `active` is that of RFC 7662."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from plumbline import Carrier
from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Question(BaseModel):
    """A credential that the service has received, and its kind."""

    model_config = ConfigDict(extra="forbid")

    carrier: Carrier
    secret: Annotated[SecretStr, Field(max_length=200)]


class Introspection(BaseModel):
    """The caller of a valid credential; if `scopes` is null, every scope is permitted."""

    active: bool
    user: UUID | None = None
    credential: UUID | None = None
    scopes: list[str] | None = None
    expires_at: datetime | None = None

"""What a service asks, and is told. The idea and the word `active` are those of RFC 7662."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ..access import Carrier


class Question(BaseModel):
    """A credential that somebody has sent to the service, and what carried it."""

    model_config = ConfigDict(extra="forbid")

    carrier: Carrier
    secret: Annotated[SecretStr, Field(max_length=200)]


class Introspection(BaseModel):
    """Whose it is, if anybody's; where `scopes` is null, it is good for everything."""

    active: bool
    user: UUID | None = None
    credential: UUID | None = None
    scopes: list[str] | None = None
    expires_at: datetime | None = None

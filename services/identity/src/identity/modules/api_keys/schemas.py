"""What clients send and get; unknown fields are refused, spaces around text are cut."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from plumbline import Page
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Scope = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}:[a-z][a-z0-9_-]{0,15}$")]
"""A scope `resource:action`: `account:read`, or `orders:write` of another service."""


def _split(stored: object) -> object:
    return stored.split() if isinstance(stored, str) else stored


class ApiKeyCreate(BaseModel):
    """What a new key needs; it permits its scopes and nothing else."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    scopes: Annotated[set[Scope], Field(min_length=1, max_length=20)]
    expires_in_days: Annotated[int, Field(ge=1, le=365)] = 90


class ApiKeyRead(BaseModel):
    """An API key as its user sees it later: without the key itself."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    prefix: str
    scopes: Annotated[list[str], BeforeValidator(_split)]
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime


class ApiKeyCreated(ApiKeyRead):
    """A new API key, with the key itself, which is never shown again."""

    key: str


class ApiKeyPage(Page):
    """A page of API keys, oldest first."""

    items: list[ApiKeyRead]

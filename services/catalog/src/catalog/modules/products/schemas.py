"""What clients send and get; unknown fields are refused, spaces around text are cut."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from plumbline import Page
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Description = Annotated[str, StringConstraints(max_length=1000)]


class Request(BaseModel):
    """The rules for everything that a client sends."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ProductCreate(Request):
    """All that a new one needs."""

    name: Name
    description: Description = ""


class ProductUpdate(Request):
    """The fields to change; those left out stay as they are.

    The defaults are never read: they let a field be left out, while null stays refused.
    """

    name: Name = Field(default_factory=str)
    description: Description = Field(default_factory=str)


class ProductRead(BaseModel):
    """One, as it is stored."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    version: int
    created_at: datetime
    updated_at: datetime


class ProductPage(Page):
    """Some, oldest first."""

    items: list[ProductRead]

"""What clients send and get."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from plumbline import Page
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Title = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(max_length=1000)]


class Request(BaseModel):
    """The rules for everything that a client sends."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NoteCreate(Request):
    """All that a new note needs."""

    title: Title
    text: Text = ""


class NoteUpdate(Request):
    """The fields to change; the defaults are never read."""

    title: Title = Field(default_factory=str)
    text: Text = Field(default_factory=str)


class NoteRead(BaseModel):
    """A note, as it is stored."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    text: str
    version: int
    created_at: datetime
    updated_at: datetime


class NotePage(Page):
    """Some notes, oldest first."""

    items: list[NoteRead]

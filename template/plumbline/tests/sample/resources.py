"""How a client of a load test uses notes."""

from uuid import uuid4

from plumbline.testing.load import RestResource, Row

from . import PREFIX
from .modules.notes.factories import NoteCreateFactory


class NoteResource(RestResource):
    """Notes."""

    url = f"{PREFIX}/notes"
    unique = "title"

    def new(self) -> Row:
        """Return the body of a request that creates a note."""
        return NoteCreateFactory.build().model_dump(mode="json")

    def change(self) -> Row:
        """Return the body of a request that changes a note."""
        return {"text": uuid4().hex}

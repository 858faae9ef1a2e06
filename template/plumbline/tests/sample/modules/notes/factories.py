"""Made-up notes for tests."""

from polyfactory.factories.pydantic_factory import ModelFactory

from .schemas import NoteCreate


class NoteCreateFactory(ModelFactory[NoteCreate]):
    """Builds the body of a request that creates a note."""

    @classmethod
    def title(cls) -> str:
        """A title that no other note has."""
        return str(cls.__faker__.unique.bothify("Note ????????-########"))

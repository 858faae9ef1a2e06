"""Made-up data for tests: valid, different each time, and complete when fields are added."""

from polyfactory.factories.pydantic_factory import ModelFactory

from .schemas import ApiKeyCreate


class ApiKeyCreateFactory(ModelFactory[ApiKeyCreate]):
    """`.build()` makes one; `.build(name="…")` chooses a field."""

    @classmethod
    def name(cls) -> str:
        """A name that no other one has."""
        return str(cls.__faker__.unique.bothify("ApiKey ????????-########"))

"""Made-up data for tests: valid, different each time, and complete when fields are added."""

from polyfactory.factories.pydantic_factory import ModelFactory

from .schemas import ApiKeyCreate


class ApiKeyCreateFactory(ModelFactory[ApiKeyCreate]):
    """`.build()` makes one; `.build(scopes={"orders:write"})` chooses a field."""

    @classmethod
    def scopes(cls) -> set[str]:
        """Return every scope that this service itself needs."""
        return {"account:read", "account:write"}

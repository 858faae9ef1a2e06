"""Made-up data for tests: valid, different each time, and complete when fields are added."""

from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import SecretStr

from .schemas import Registration


class RegistrationFactory(ModelFactory[Registration]):
    """`.build()` makes one; `.build(email="…")` chooses a field."""

    @classmethod
    def email(cls) -> str:
        """Return a unique address."""
        return str(cls.__faker__.unique.bothify("????????-########@example.org")).lower()

    @classmethod
    def password(cls) -> SecretStr:
        """Return a password that is hard to guess."""
        return SecretStr(" ".join(cls.__faker__.words(6, unique=True)))

"""How this service reaches the identity service."""

from plumbline.http import IdentitySettings


class Settings(IdentitySettings):
    """All of the platform's."""

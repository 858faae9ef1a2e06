"""Where the identity service is, and the key that this service sends to it."""

from plumbline.http import IdentitySettings


class Settings(IdentitySettings):
    """The platform's settings for it."""

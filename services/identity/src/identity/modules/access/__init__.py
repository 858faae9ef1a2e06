"""The registry of credentials: which module keeps sessions, and which API keys.

`verification.py` looks a credential up there; the composition root hands that to the platform.
"""

from .credentials import FoundCredential, register_credentials

__all__ = ["FoundCredential", "register_credentials"]

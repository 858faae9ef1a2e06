"""A stand-in for the identity service."""

from plumbline.testing.identity import identity, identity_server

__all__ = ["identity", "identity_server"]

"""A stand-in for the identity service, for the tests of all modules."""

from plumbline.testing.identity import identity, identity_server

__all__ = ["identity", "identity_server"]

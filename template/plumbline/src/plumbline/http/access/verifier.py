"""How an application finds the caller that a credential belongs to."""

from typing import Protocol

from fastapi import FastAPI
from fastapi.requests import HTTPConnection

from ...caller import Caller, Carrier
from .identity_client import IdentityClient, IdentitySettings


class Verifier(Protocol):
    """A function that looks a credential up."""

    async def __call__(
        self, connection: HTTPConnection, carrier: Carrier, secret: str
    ) -> Caller | None:
        """Return the caller, or None for an invalid credential.

        Raises `DependencyUnavailable`.
        """


class NoVerifier(RuntimeError):
    """The application cannot verify credentials: `nox -s new -- <service>/access` adds that."""


async def verify(connection: HTTPConnection, carrier: Carrier, secret: str) -> Caller | None:
    """Return the caller that a credential belongs to, or None where it is invalid.

    Asks the `verifier` of the application, or else the identity service that the settings of a
    module name. Raises `DependencyUnavailable`.
    """
    app = connection.app
    verifier: Verifier | None = app.state.verifier
    if verifier is not None:
        return await verifier(connection, carrier, secret)
    return await _identity_client(app).find_caller(carrier, secret)


def _identity_client(app: FastAPI) -> IdentityClient:
    """Return the application's own client, which lives from the first request to the stop."""
    found: IdentityClient | None = getattr(app.state, "identity_client", None)
    if found is None:
        every = app.state.module_settings.values()
        settings = next((each for each in every if isinstance(each, IdentitySettings)), None)
        if settings is None:
            raise NoVerifier(NoVerifier.__doc__)
        found = app.state.identity_client = IdentityClient(settings)
        app.state.exit_stack.push_async_callback(_close_client, app)
    return found


async def _close_client(app: FastAPI) -> None:
    found, app.state.identity_client = app.state.identity_client, None
    await found.close()

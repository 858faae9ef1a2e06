"""Identity as it would be if it hashed in the event loop: what its threads are compared with."""

# mypy: disable-error-code="import-not-found"
# The service is in its own environment, mypy in the repository's.

from collections.abc import Callable
from types import SimpleNamespace
from typing import TypeVar

from identity.main import production
from identity.modules.users import passwords

T = TypeVar("T")

__all__ = ["production"]


async def run_sync(work: Callable[..., T], *given: object, limiter: object) -> T:  # noqa: ARG001 - as anyio's
    """At once, while all others wait."""
    return work(*given)


passwords.to_thread = SimpleNamespace(run_sync=run_sync)

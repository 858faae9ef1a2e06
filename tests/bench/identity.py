"""What identity does while it hashes passwords, and what it costs to know who calls."""

from contextlib import AbstractContextManager

from . import callers, logins, other_requests
from .serving import serve
from .table import Row
from .users import Users
from .workbench import Workbench


def measure(bench: Workbench) -> list[Row]:
    """Logins, other requests meanwhile, and what callers cost: each of one worker."""
    bench = bench.of("identity")
    users = Users.of(bench)
    with (
        _serve(bench, users, "identity.main:production") as service,
        _serve(bench, users, "in_the_loop:production") as in_the_loop,
        _serve(bench, users, "no_caller:app") as without_caller,
    ):
        return [
            *logins.measure(bench, users, service),
            *other_requests.measure(bench, users, service, in_the_loop),
            *callers.measure(bench, users, without_caller),
        ]


def _serve(bench: Workbench, users: Users, app: str) -> AbstractContextManager[int]:
    return serve(bench, app, "--factory", workers=1, **users.settings)

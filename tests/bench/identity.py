"""What identity does while it hashes passwords, and what it costs to know who calls."""

from contextlib import AbstractContextManager

from . import bystanders, callers, logins
from .people import People
from .serving import serve
from .table import Row
from .workbench import Workbench


def measure(bench: Workbench) -> list[Row]:
    """Logins, other requests meanwhile, and what callers cost: each of one worker."""
    bench = bench.of("identity")
    people = People.of(bench)
    with (
        _serve(bench, people, "identity.main:production") as service,
        _serve(bench, people, "in_the_loop:production") as in_the_loop,
        _serve(bench, people, "anybody:app") as with_anybody,
    ):
        return [
            *logins.measure(bench, people, service),
            *bystanders.measure(bench, people, service, in_the_loop),
            *callers.measure(bench, people, with_anybody),
        ]


def _serve(bench: Workbench, people: People, app: str) -> AbstractContextManager[int]:
    return serve(bench, app, "--factory", workers=1, **people.settings)

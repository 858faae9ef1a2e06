"""The cost of authentication to a request, and of introspection to another service.

All in one application, see programs/no_caller.py; introspection finds the session of `GET me`.
"""

from .serving import Load, get, latencies, load, rate_of, require, times_of
from .table import Row
from .users import Users
from .workbench import Workbench

ROUNDS = 3
CLIENTS = 16
SECOND = 1000  # requests in about a second
NO_CALLER = "the query of GET me, of no caller"


def measure(bench: Workbench, users: Users, port: int) -> list[Row]:
    """Requests a second, in turns."""
    requests = {
        "a constant, of no caller": get("/constant"),
        NO_CALLER: get(f"/no-caller/{users.user}"),
        "GET me, with a session": users.me,
        "GET me, with an API key": users.me_by_key,
        "introspection of a session": users.introspection,
    }
    loads: dict[str, list[Load]] = {what: [] for what in requests}
    for turn in range(1 + bench.times(ROUNDS)):
        for what, request in requests.items():
            found = load(bench, port, [request] * bench.times(SECOND), clients=CLIENTS)
            require("200", found, f"requests ({what})")
            if turn:  # the first is a warm-up
                loads[what].append(found)
    return [_row(what, found) for what, found in loads.items()]


def _row(what: str, loads: list[Load]) -> Row:
    to = "" if what == NO_CALLER else NO_CALLER
    return Row(what, rate_of(loads), "requests/s", to, latencies(times_of(loads)))

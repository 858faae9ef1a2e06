"""What a login takes beside the verification of its password, and how many a second there are.

No login is refused: the limits count what fails, and what is under way.
"""

from collections import defaultdict
from itertools import cycle, islice
from statistics import median

from .serving import Load, latencies, load, percentile, rate_of, require, times_of
from .table import Row
from .users import Users
from .workbench import Workbench

ROUNDS = 3
LOGINS = {1: 100, 16: 200}  # by so many clients
VERIFICATIONS = 100
ONE = "one verification of a password"


def measure(bench: Workbench, users: Users, port: int) -> list[Row]:
    """They take turns with the verifications."""
    loads: dict[int, list[Load]] = {clients: [] for clients in LOGINS}
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(bench.times(ROUNDS)):
        for name, rate in bench.ask("verify", bench.times(VERIFICATIONS)).items():
            rates[name].append(rate)
        for clients, many in LOGINS.items():
            requests = islice(cycle(users.logins), bench.times(many))
            found = load(bench, port, requests, clients=clients)
            require("200", found, f"logins by {clients} client(s)")
            loads[clients].append(found)
    return [*_one(loads[1], median(rates["one"])), *_many(loads[16], rates)]


def _one(loads: list[Load], verifications: float) -> list[Row]:
    """How long one takes."""
    took = times_of(loads)
    p50 = percentile(50, took)
    note = f"{latencies(took)}; {rate_of(loads):.1f} a second"
    return [
        Row(ONE, 1000 / verifications, "ms", note="argon2id, with the parameters of the service"),
        Row("a login, 1 client", p50, "ms", ONE, note),
    ]


def _many(loads: list[Load], rates: dict[str, list[float]]) -> list[Row]:
    """How many a second."""
    threads = int(rates["threads"][0])
    most = "verifications in as many threads as hash in the service"
    return [
        Row(most, median(rates["all"]), "a second", note=f"{threads} here: all cores but one"),
        Row("logins, 16 clients", rate_of(loads), "a second", most, latencies(times_of(loads))),
    ]

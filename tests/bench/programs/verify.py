"""Verifies a password over and over, as identity does, and does nothing else.

    python verify.py <how many>

Prints how many a second, one after another; in how many threads at once the service may hash; and
how many a second those do.
"""

# mypy: disable-error-code="import-not-found"
# The service is in its own environment, mypy in the repository's.

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from identity.modules.users.passwords import HASHER, HASHING
from users import PASSWORD

STORED = HASHER.hash(PASSWORD)


def verify(_: int) -> None:
    """One verification. Raises `ValueError` if the password were found wrong."""
    matches, _renewed = HASHER.verify_and_update(PASSWORD, STORED)
    if not matches:
        raise ValueError(STORED)


def rate(threads: int, many: int) -> float:
    """Verifications a second in so many threads."""
    with ThreadPoolExecutor(threads) as pool:
        started = perf_counter()
        list(pool.map(verify, range(many)))
        return many / (perf_counter() - started)


if __name__ == "__main__":
    most = int(HASHING.total_tokens)
    rates = {threads: rate(threads, int(sys.argv[1]) * threads) for threads in (1, most)}
    json.dump({"one": rates[1], "threads": most, "all": rates[most]}, sys.stdout)

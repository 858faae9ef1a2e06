"""Writes to one database from some processes at once, which start together.

    python write.py <database url> <processes> <transactions of each>

Prints the seconds from the first start to the last end and those of the slowest transaction, and
the errors.
"""

# mypy: disable-error-code="import-not-found"
# The service is in its own environment, mypy in the repository's.

import asyncio
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from time import monotonic  # the same clock in all processes

from catalog.main import SERVICE
from catalog.modules.products.models import Product
from catalog.modules.products.repository import ProductRepository
from plumbline.database import Database
from uuid_utils.compat import uuid7

TASKS = 8  # in each process
SECONDS = 60  # until all processes are there

Done = tuple[float, float, float, list[str]]  # start, end, seconds of the slowest, errors

together: Barrier


def meet(barrier: Barrier) -> None:
    """Let a new process know where the others wait."""
    global together  # noqa: PLW0603 - a barrier can only be inherited
    together = barrier


async def write(database: Database, transactions: int, took: list[float]) -> list[str]:
    """Create one row in each transaction, and note its seconds; gives the errors."""
    errors = []
    for _ in range(transactions):
        started = monotonic()
        try:
            async with database.write() as session:
                row = Product(name=uuid7().hex, description="")
                await ProductRepository(session).add(row)
        except Exception as error:  # whatever fails is counted
            errors.append(repr(error))
        took.append(monotonic() - started)
    return errors


async def write_together(url: str, transactions: int) -> Done:
    """Share the transactions between tasks."""
    took: list[float] = []
    shares = [transactions // TASKS + (task < transactions % TASKS) for task in range(TASKS)]
    async with SERVICE.open_database(url) as database:
        await database.check()
        await asyncio.to_thread(together.wait, SECONDS)
        started = monotonic()
        errors = await asyncio.gather(*(write(database, share, took) for share in shares))
        return started, monotonic(), max(took), [error for of_task in errors for error in of_task]


def run(url: str, transactions: int) -> Done:
    """What one process does."""
    return asyncio.run(write_together(url, transactions))


def main(url: str, processes: int, transactions: int) -> None:
    """Start the processes, wait for them, and print the figures."""
    context = get_context("spawn")
    barrier = context.Barrier(processes)
    with ProcessPoolExecutor(processes, context, meet, (barrier,)) as pool:
        done = [*pool.map(run, [url] * processes, [transactions] * processes)]
    starts, ends, slowest, errors = zip(*done, strict=True)
    result = {
        "seconds": max(ends) - min(starts),
        "slowest": max(slowest),
        "errors": [each for some in errors for each in some],
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

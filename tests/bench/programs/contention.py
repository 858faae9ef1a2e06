"""Changes of one row by many tasks at once, and sees that none is lost.

    python contention.py <how> <changes> [database url]

How a refused transaction is retried: `turns`, as the service does it; `at-once`, each by itself;
`locks`, where none is refused, as each locks the row before it reads. Without a URL it works on a
new database of the server that `TEST_DATABASE_URL` names. Prints the changes a second. Runs on
uvloop, which uvicorn takes.
"""

# mypy: disable-error-code="import-not-found"
# uvloop and the service are in the service's environment, mypy in the repository's.

import asyncio
import json
import os
import sys
from time import perf_counter

import uvloop
from catalog.main import SERVICE
from catalog.modules.products.models import Product
from plumbline import SerializationFailure
from plumbline.database import Database
from plumbline.testing.postgres_sandbox import PostgresSandbox
from sqlalchemy.ext.asyncio import async_sessionmaker

TASKS = 50
CONNECTIONS = 8


async def measure(url: str, how: str, changes: int) -> float:
    """Changes a second. Raises `ValueError` when one is lost."""
    async with Database(url, connections=CONNECTIONS) as database:
        new = Product(name="contended", description="")
        async with database.write() as session:
            session.add(new)
        unsafe = database.writer.execution_options(isolation_level="READ COMMITTED")
        locking = async_sessionmaker(unsafe, expire_on_commit=False)

        async def change() -> None:
            begin = locking.begin if how == "locks" else database.write
            async with begin() as session:
                row = await session.get_one(Product, new.id, with_for_update=how == "locks")
                row.description = f"after {row.version}"

        async def insist() -> None:
            while True:
                try:
                    return await change()
                except SerializationFailure:
                    await asyncio.sleep(0)

        async def work(many: int) -> None:
            for _ in range(many):
                await (insist() if how == "at-once" else database.retry_on_conflict(change))

        started = perf_counter()
        await asyncio.gather(*(work(changes // TASKS) for _ in range(TASKS)))
        seconds = perf_counter() - started
        async with database.read() as session:
            found = await session.get_one(Product, new.id)
    if (lost := changes + 1 - found.version) != 0:
        message = f"{lost} changes are lost"
        raise ValueError(message)
    return changes / seconds


async def measure_on_a_server(how: str, changes: int) -> float:
    """The same on a new database of PostgreSQL."""
    sandbox = await PostgresSandbox.open(SERVICE, os.environ["TEST_DATABASE_URL"])
    rate = await measure(sandbox.database.url, how, changes)
    await sandbox.close()
    return rate


async def main(how: str, changes: int, url: str = "") -> None:
    """Print the figure."""
    work = measure(url, how, changes) if url else measure_on_a_server(how, changes)
    print(json.dumps({"rate": await work}))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))

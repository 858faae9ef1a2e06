"""Changes of one row by many tasks at once, the usual way: what is lost, and what is refused.

    python lost_updates.py <changes>

It has the engine and the sessions of usual.py, and reads, changes and commits a number in a table
of its own, as the service's would notice. Works on the new database that BENCH_DATABASE names.
"""

# mypy: disable-error-code="import-not-found,misc"
# The libraries are those of the service's environment, mypy's are those of the repository's.

import asyncio
import json
import sys
from time import perf_counter

import uvloop
from contention import TASKS
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from usual import engine, sessions


class Base(DeclarativeBase):
    """Another than the service's."""


class Tally(Base):
    """One number."""

    __tablename__ = "tally"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


async def change() -> None:
    """Add one."""
    async with sessions() as session:
        row = await session.get_one(Tally, 1)
        row.value += 1
        await session.commit()


async def work(many: int) -> int:
    """Make so many changes; gives how many were refused."""
    refused = 0
    for _ in range(many):
        try:
            await change()
        except SQLAlchemyError:  # "database is locked", or no connection became free
            refused += 1
    return refused


async def main(changes: int) -> None:
    """Print what is missing in the end, what of it was refused, and what is there, a second."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions() as session:
        session.add(Tally(id=1))
        await session.commit()
    started = perf_counter()
    refused = await asyncio.gather(*(work(changes // TASKS) for _ in range(TASKS)))
    seconds = perf_counter() - started
    async with sessions() as session:
        kept = (await session.get_one(Tally, 1)).value
    result = {"rate": kept / seconds, "missing": changes - kept, "refused": sum(refused)}
    print(json.dumps(result))
    await engine.dispose()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

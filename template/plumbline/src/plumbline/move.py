"""Copies a service's SQLite database into an empty PostgreSQL database, all or nothing.

    python -m plumbline.move <package of the service> <variable with the URL of the new database>

Tables, rows and the next numbers of sequences are made in one transaction, which is committed only
when both sides have the same rows.
"""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from alembic import command
from pydantic import ValidationError
from sqlalchemy import Connection, Table, func, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from .database.backend import backend_of
from .errors import ServiceError
from .service import Service, find_service
from .settings import Settings, format_errors

AT_ONCE = 1000  # rows in memory
APART = {"alembic_version"}  # made by the migrations


class MoveError(Exception):
    """Why nothing was moved, in a sentence."""


@dataclass(frozen=True)
class Contents:
    """How many rows a table has, and a hash of all of them in the order of their keys."""

    rows: int
    checksum: str


@dataclass
class Handed:
    """A connection, in the shape in which `env.py` takes what is handed to it."""

    connection: Connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """The connection as it is: within the transaction of the move."""
        yield self.connection


async def move(service: Service[Settings], url: str) -> dict[str, Contents]:
    """Move all tables; return what each holds. Raises `MoveError` or a `ServiceError`."""
    service.modules.import_models()
    tables = service.metadata.sorted_tables
    source_url = service.settings().database_url
    if not source_url.startswith("sqlite") or not url.startswith("postgresql"):
        raise MoveError("A move goes from SQLite to PostgreSQL: correct the two database URLs.")
    backend = backend_of(url)

    def migrate(connection: Connection) -> None:
        if found := inspect(connection).get_table_names():
            name = backend.display_name(url)
            raise MoveError(f"{name} has tables ({', '.join(found)}): name an empty database.")
        config = service.migrations.config(url)
        config.attributes["connection"] = Handed(connection)
        command.upgrade(config, "head")

    moved: dict[str, Contents] = {}
    engine = backend.migration_engine(url, service.settings.connection_options)
    async with service.open_database(source_url) as source:
        await source.check()
        async with (
            source.write() as session,  # which keeps all others from writing
            engine.begin() as target,
        ):
            origin = await session.connection()
            await refuse_unknown(origin, tables)
            await target.run_sync(migrate)
            for table in reversed(tables):
                await target.execute(table.delete())  # what migrations have put there
            for table in tables:
                async for rows in batches(origin, table):
                    await target.execute(table.insert(), rows)
                await restart_sequences(target, table)
            for table in tables:
                before, after = await contents(origin, table), await contents(target, table)
                if before != after:
                    raise MoveError(f"{table.name} is not the same on both sides: {before, after}.")
                moved[table.name] = after
    return moved


async def refuse_unknown(origin: AsyncConnection, tables: list[Table]) -> None:
    """Raise `MoveError` for a table that no model describes: its rows would be left behind."""
    found = await origin.run_sync(lambda connection: inspect(connection).get_table_names())
    if unknown := {*found} - {table.name for table in tables} - APART:
        raise MoveError(f"No model describes {', '.join(sorted(unknown))}: add one, or drop it.")


async def batches(connection: AsyncConnection, table: Table) -> AsyncIterator[list[dict[str, Any]]]:
    """All rows in the order of their keys."""
    query = select(table).order_by(*table.primary_key)
    found = await connection.stream(query)
    async for rows in found.mappings().partitions(AT_ONCE):
        yield [dict(row) for row in rows]


async def contents(connection: AsyncConnection, table: Table) -> Contents:
    """What a table holds, as the models read it."""
    count, digest = 0, hashlib.sha256()
    async for rows in batches(connection, table):
        count += len(rows)
        for row in rows:
            digest.update(repr([*row.values()]).encode())
    return Contents(count, digest.hexdigest()[:16])


async def restart_sequences(target: AsyncConnection, table: Table) -> None:
    """Let numbers go on behind the highest one that is there."""
    for column in table.primary_key:
        find = select(func.pg_get_serial_sequence(f'"{table.name}"', column.name))
        if sequence := await target.scalar(find):
            highest = await target.scalar(select(func.max(column)))
            if highest is not None:
                await target.execute(select(func.setval(sequence, highest)))


def main(package: str, variable: str) -> str | None:
    """Move, and print a line for each table; return the reason to fail."""
    try:
        service = find_service(package)
        moved = asyncio.run(move(service, os.environ[variable]))
    except ValidationError as error:
        return f"Nothing is moved. {format_errors(error, service.settings.prefix())}."
    except (MoveError, ValueError, ServiceError) as error:
        return f"Nothing is moved. {error}"
    except DBAPIError as error:
        return f"Nothing is moved. PostgreSQL refuses what SQLite has taken: {error.orig}"
    for name, found in moved.items():
        line = f"{name}: {found.rows} rows, checksum {found.checksum} on both sides"
        print(line)  # noqa: T201 - for people
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

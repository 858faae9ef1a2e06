"""Tests of the history of a service's schema: pytest-alembic's, and what rows survive.

    from plumbline.testing.migrations import *

A column whose constraint refuses the made-up value needs one in the fixture `samples`, which the
file that imports these tests may override.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID

import pytest
from pytest_alembic import tests as standard
from pytest_alembic.config import Config
from pytest_alembic.runner import MigrationContext
from pytest_alembic.tests import experimental
from sqlalchemy import Connection, MetaData, Table, event, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.backend import backend_of
from .sandbox import AnyService, EmptyDatabase, Samples

__all__ = [
    "alembic_config",
    "alembic_engine",
    "modelled",
    "test_a_downgrade_leaves_no_trace",
    "test_an_empty_database_can_be_upgraded",
    "test_an_interrupted_upgrade_leaves_the_old_state",
    "test_nothing_is_left_to_autogenerate",
    "test_rows_survive_every_migration",
    "test_the_migrated_schema_is_the_one_of_the_models",
    "test_there_is_a_single_head",
    "test_what_went_up_comes_down",
]

T = TypeVar("T")
test_there_is_a_single_head = standard.test_single_head_revision
test_an_empty_database_can_be_upgraded = standard.test_upgrade
test_nothing_is_left_to_autogenerate = standard.test_model_definitions_match_ddl
test_what_went_up_comes_down = standard.test_up_down_consistency
test_a_downgrade_leaves_no_trace = experimental.test_downgrade_leaves_no_trace

BY_TYPE: Final[dict[type, Any]] = {
    int: 1,
    bool: True,
    float: 1.0,
    bytes: b"x",
    Decimal: Decimal(1),
    dt.date: dt.date(2026, 1, 1),
    dt.datetime: dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    dt.time: dt.time(12),
    dt.timedelta: dt.timedelta(hours=1),
    UUID: UUID(int=1),
}


@pytest.fixture
def alembic_config(plumbline_service: AnyService) -> Config:
    return Config(config_options={"script_location": str(plumbline_service.migrations.folder)})


@pytest.fixture
async def alembic_engine(
    plumbline_service: AnyService, empty_database: EmptyDatabase
) -> AsyncIterator[AsyncEngine]:
    async with empty_database() as url:
        yield migration_engine(plumbline_service, url)


@pytest.fixture
async def modelled(
    plumbline_service: AnyService, empty_database: EmptyDatabase
) -> AsyncIterator[AsyncEngine]:
    """A database that the models have made, without migrations."""
    plumbline_service.modules.import_models()
    async with empty_database() as url:
        engine = migration_engine(plumbline_service, url)
        async with engine.begin() as connection:
            await connection.run_sync(plumbline_service.metadata.create_all)
        yield engine


def migration_engine(service: AnyService, url: str) -> AsyncEngine:
    """Return the engine that production migrates with."""
    return backend_of(url).migration_engine(url, service.settings.connection_options)


def ask(engine: AsyncEngine, question: Callable[[Connection], T]) -> T:
    """Return what a function finds, within a transaction."""

    async def run() -> T:
        async with engine.begin() as connection:
            return await connection.run_sync(question)

    return asyncio.run(run())


def tables(connection: Connection) -> list[Table]:
    """Return the tables of a database, parents before children."""
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: name != "alembic_version")
    return metadata.sorted_tables


def fill_empty_tables(connection: Connection, samples: Samples) -> None:
    """Give each empty table one row that uses every column."""
    for table in tables(connection):
        if not count(connection, table):
            values = {name: BY_TYPE.get(col.type.python_type, "x") for name, col in table.c.items()}
            own = samples.get(table.name, {})  # of columns that older revisions do not have, too
            values |= {name: value for name, value in own.items() if name in table.c}
            connection.execute(table.insert().values(values))


def count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def counts(connection: Connection) -> dict[str, int]:
    return {table.name: count(connection, table) for table in tables(connection)}


@pytest.mark.parametrize("direction", ["up", "down"])
def test_rows_survive_every_migration(
    alembic_runner: MigrationContext,
    alembic_engine: AsyncEngine,
    plumbline_service: AnyService,
    samples: Samples,
    direction: str,
) -> None:
    if direction == "down":
        alembic_runner.migrate_up_to("heads")
    for _ in plumbline_service.migrations.revisions:
        ask(alembic_engine, lambda connection: fill_empty_tables(connection, samples))
        before = ask(alembic_engine, counts)

        if direction == "up":
            alembic_runner.migrate_up_one()
        else:
            alembic_runner.migrate_down_one()

        after = ask(alembic_engine, counts)
        kept = before.keys() & after.keys()
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


class PowerCut(BaseException):
    """An end that no code handles."""


def test_an_interrupted_upgrade_leaves_the_old_state(
    alembic_runner: MigrationContext,
    alembic_engine: AsyncEngine,
    plumbline_service: AnyService,
) -> None:
    head = plumbline_service.migrations.revisions[0]
    before = ask(alembic_engine, schema)

    @event.listens_for(alembic_engine.sync_engine, "before_cursor_execute")
    def cut_the_power(*arguments: Any) -> None:
        statement, parameters = arguments[2:4]
        if "alembic_version" in statement and head in f"{statement}{parameters}":
            raise PowerCut

    with pytest.raises(PowerCut):
        alembic_runner.raw_command("upgrade", "heads")

    assert ask(alembic_engine, schema) == before


def schema(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return all that the database knows about the tables, CHECK constraints included."""
    found = inspect(connection)
    return {
        table: {
            "columns": {
                (each["name"], str(each["type"]), each["nullable"], each["default"])
                for each in found.get_columns(table)
            },
            "primary key": found.get_pk_constraint(table),
            "foreign keys": sorted(map(str, found.get_foreign_keys(table))),
            "unique": sorted(map(str, found.get_unique_constraints(table))),
            "checks": sorted(map(str, found.get_check_constraints(table))),
            "indexes": sorted(map(str, found.get_indexes(table))),
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_the_migrated_schema_is_the_one_of_the_models(
    alembic_runner: MigrationContext,
    alembic_engine: AsyncEngine,
    modelled: AsyncEngine,
) -> None:
    alembic_runner.migrate_up_to("heads")

    assert ask(alembic_engine, schema) == ask(modelled, schema)

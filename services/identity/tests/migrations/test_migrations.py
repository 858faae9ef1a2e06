"""The schema's history: pytest-alembic's tests, and what they do not look at: the rows."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar
from uuid import UUID

import pytest
from pytest_alembic import tests as standard
from pytest_alembic.config import Config
from pytest_alembic.runner import MigrationContext
from pytest_alembic.tests import experimental
from sqlalchemy import Connection, MetaData, Table, event, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from identity.backends import backend_of
from identity.modules import import_models
from identity.orm import Base
from identity.revisions import MIGRATIONS, known_revisions
from identity.testing.sandbox import EmptyDatabase

T = TypeVar("T")

test_there_is_a_single_head = standard.test_single_head_revision
test_an_empty_database_can_be_upgraded = standard.test_upgrade
test_nothing_is_left_to_autogenerate = standard.test_model_definitions_match_ddl
test_what_went_up_comes_down = standard.test_up_down_consistency
test_a_downgrade_leaves_no_trace = experimental.test_downgrade_leaves_no_trace

# Where a CHECK constraint refuses the sample below: {"orders": {"status": "open"}}.
SAMPLES: dict[str, dict[str, Any]] = {}


@pytest.fixture
def alembic_config() -> Config:
    return Config(config_options={"script_location": str(MIGRATIONS)})


@pytest.fixture
async def alembic_engine(empty_database: EmptyDatabase) -> AsyncIterator[AsyncEngine]:
    async with empty_database() as url:
        yield backend_of(url).migration_engine(url)


@pytest.fixture
async def modelled(empty_database: EmptyDatabase) -> AsyncIterator[AsyncEngine]:
    """A database that the models have made, without migrations."""
    import_models()
    async with empty_database() as url:
        engine = backend_of(url).migration_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield engine


def ask(engine: AsyncEngine, question: Callable[[Connection], T]) -> T:
    """What a function finds, within a transaction."""

    async def run() -> T:
        async with engine.begin() as connection:
            return await connection.run_sync(question)

    return asyncio.run(run())


def tables(connection: Connection) -> list[Table]:
    """The tables that there are, parents before children."""
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: name != "alembic_version")
    return metadata.sorted_tables


def fill_empty_tables(connection: Connection) -> None:
    """Give each empty table one row that uses every column."""
    for table in tables(connection):
        if not count(connection, table):
            connection.execute(table.insert().values(sample(table)))


def sample(table: Table) -> dict[str, Any]:
    by_type = {int: 1, bool: True, float: 1.0, bytes: b"x", dt.date: dt.date(2026, 1, 1)}
    by_type |= {dt.datetime: dt.datetime(2026, 1, 1, tzinfo=dt.UTC), UUID: UUID(int=1)}
    generated = {name: by_type.get(col.type.python_type, "x") for name, col in table.c.items()}
    return generated | SAMPLES.get(table.name, {})


def count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def counts(connection: Connection) -> dict[str, int]:
    return {table.name: count(connection, table) for table in tables(connection)}


@pytest.mark.parametrize("direction", ["up", "down"])
def test_rows_survive_every_migration(
    alembic_runner: MigrationContext,
    alembic_engine: AsyncEngine,
    direction: str,
) -> None:
    if direction == "down":
        alembic_runner.migrate_up_to("heads")
    for _ in known_revisions():
        ask(alembic_engine, fill_empty_tables)
        before = ask(alembic_engine, counts)

        if direction == "up":
            alembic_runner.migrate_up_one()
        else:
            alembic_runner.migrate_down_one()

        after = ask(alembic_engine, counts)
        kept = before.keys() & after.keys()
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


class PowerCut(BaseException):
    """Nobody expects it."""


def test_an_interrupted_upgrade_leaves_the_old_state(
    alembic_runner: MigrationContext,
    alembic_engine: AsyncEngine,
) -> None:
    before = ask(alembic_engine, schema)

    @event.listens_for(alembic_engine.sync_engine, "before_cursor_execute")
    def cut_the_power(*arguments: Any) -> None:
        statement, parameters = arguments[2:4]
        if "alembic_version" in statement and known_revisions()[0] in f"{statement}{parameters}":
            raise PowerCut

    with pytest.raises(PowerCut):
        alembic_runner.raw_command("upgrade", "heads")

    assert ask(alembic_engine, schema) == before


def go_elsewhere(connection: Connection) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = 'elsewhere'"))


def test_a_database_from_another_branch_is_told_from_a_mistyped_revision(
    alembic_runner: MigrationContext,
    alembic_engine: AsyncEngine,
) -> None:
    alembic_runner.migrate_up_to("heads")
    with pytest.raises(RuntimeError, match=r"^Can't locate revision identified by 'typed'"):
        alembic_runner.raw_command("upgrade", "typed")

    ask(alembic_engine, go_elsewhere)

    mend = "is at the unknown revision elsewhere: go back to the release or branch"
    with pytest.raises(RuntimeError, match=mend):
        alembic_runner.raw_command("upgrade", "heads")


def schema(connection: Connection) -> dict[str, dict[str, Any]]:
    """All that the database knows about the tables, CHECK constraints included."""
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

"""The schema's history: pytest-alembic's tests, and what they do not look at: the rows."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_alembic import tests as standard
from pytest_alembic.config import Config
from pytest_alembic.runner import MigrationContext
from pytest_alembic.tests import experimental
from sqlalchemy import Connection, Engine, MetaData, Table, event, func, inspect, select, text

from catalog.modules import import_models
from catalog.orm import Base
from catalog.revisions import MIGRATIONS, known_revisions
from catalog.sqlite import migration_engine

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
def alembic_engine(tmp_path: Path) -> Iterator[Engine]:
    engine = migration_engine(f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}")
    yield engine
    engine.dispose()


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
    by_type |= {dt.datetime: dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    generated = {name: by_type.get(col.type.python_type, "x") for name, col in table.c.items()}
    return generated | SAMPLES.get(table.name, {})


def count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("direction", ["up", "down"])
def test_rows_survive_every_migration(
    alembic_runner: MigrationContext,
    alembic_engine: Engine,
    direction: str,
) -> None:
    if direction == "down":
        alembic_runner.migrate_up_to("heads")
    for _ in known_revisions():
        with alembic_engine.begin() as connection:
            fill_empty_tables(connection)
            before = {table.name: count(connection, table) for table in tables(connection)}

        if direction == "up":
            alembic_runner.migrate_up_one()
        else:
            alembic_runner.migrate_down_one()

        with alembic_engine.begin() as connection:
            after = {table.name: count(connection, table) for table in tables(connection)}
        kept = before.keys() & after.keys()
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def everything(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")))


def test_an_interrupted_upgrade_leaves_the_old_state(
    alembic_runner: MigrationContext,
    alembic_engine: Engine,
) -> None:
    before = everything(alembic_engine)

    @event.listens_for(alembic_engine, "before_cursor_execute")
    def cut_the_power(*arguments: Any) -> None:
        statement, parameters = arguments[2:4]
        if "alembic_version" in statement and known_revisions()[0] in f"{statement}{parameters}":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        alembic_runner.raw_command("upgrade", "heads")

    assert everything(alembic_engine) == before


def test_an_upgrade_that_would_leave_a_dangling_key_changes_nothing(
    alembic_runner: MigrationContext,
    alembic_engine: Engine,
) -> None:
    with alembic_engine.begin() as connection:
        connection.execute(text("CREATE TABLE _parent (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE _child (parent REFERENCES _parent DEFERRABLE)"))
    with alembic_engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        connection.execute(text("INSERT INTO _child VALUES (1)"))
        connection.commit()
    before = everything(alembic_engine)

    dangling = "row 1 of _child would refer to a missing row of _parent"
    with pytest.raises(RuntimeError, match=dangling):
        alembic_runner.raw_command("upgrade", "heads")

    assert everything(alembic_engine) == before


def test_a_database_from_another_branch_is_told_from_a_mistyped_revision(
    alembic_runner: MigrationContext,
    alembic_engine: Engine,
) -> None:
    alembic_runner.migrate_up_to("heads")
    with pytest.raises(RuntimeError, match=r"^Can't locate revision identified by 'typed'"):
        alembic_runner.raw_command("upgrade", "typed")

    with alembic_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'elsewhere'"))

    mend = "migrated.db is at the unknown revision elsewhere: go back to the release or branch"
    with pytest.raises(RuntimeError, match=mend):
        alembic_runner.raw_command("upgrade", "heads")


def schema(engine: Engine) -> dict[str, dict[str, Any]]:
    """All that SQLite knows about the tables, CHECK constraints included."""
    found = inspect(engine)
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
    alembic_engine: Engine,
    tmp_path: Path,
) -> None:
    import_models()
    modelled = migration_engine(f"sqlite+aiosqlite:///{tmp_path / 'modelled.db'}")
    Base.metadata.create_all(modelled)

    alembic_runner.migrate_up_to("heads")

    assert schema(alembic_engine) == schema(modelled)

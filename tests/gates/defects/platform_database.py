"""Defects of the platform's database: connections, transactions, migrations."""

from .planting import MODELS, Copy, caught_by

DATABASE = "src/plumbline/database/database.py"
SQLITE = "src/plumbline/database/sqlite.py"
DRIVER = "src/plumbline/database/sqlite_driver.py"
MIGRATE = "src/plumbline/migrate.py"
DEPENDENCIES = "src/plumbline/http/dependencies.py"
TESTS = "tests/integration/test_database.py"
TESTS_OF_SQLITE = "tests/integration/test_sqlite.py"
TESTS_OF_DRIVER = "tests/integration/test_sqlite_driver.py"
TESTS_OF_PROBLEMS = "tests/integration/test_problems.py"
TESTS_OF_MIGRATIONS = "tests/migrations/test_*.py"
TESTS_OF_NOTES = "tests/concurrency/test_notes.py"

CHILD_MODEL = '''from uuid import UUID

from sqlalchemy import ForeignKey


class Planted(Base):
    """A row that goes when its parent goes."""

    __tablename__ = "planted"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parent: Mapped[UUID] = mapped_column(ForeignKey("{table}.id", ondelete="CASCADE"))
'''
CREATE_CHILD = """op.create_table(
        "planted",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent"], ["{table}.id"], name="fk_planted_parent_{table}", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_planted"),
    )"""
REBUILD = """with op.batch_alter_table("{table}", recreate="always"):
        pass"""


@caught_by("integration", TESTS_OF_PROBLEMS, keyword="commit")
def a_forgotten_commit(copy: Copy) -> None:
    """Every write is answered, and none is kept."""
    write = r"(async def write(?:.*\n)*?.*)self\._writing\.begin\(\)"
    copy.change(DATABASE, write, r"\1self._writing()")


@caught_by("integration", TESTS_OF_PROBLEMS, keyword="commit")
def a_commit_after_the_response(copy: Copy) -> None:
    """No `scope="function"`: the client has read 201 when the commit fails."""
    copy.change(DEPENDENCIES, r'\(_write, scope="function"\)', "(_write)")


@caught_by("integration", TESTS_OF_PROBLEMS)
def a_read_that_ends_after_the_response(copy: Copy) -> None:
    """The same for a read: slow clients keep all connections."""
    copy.change(DEPENDENCIES, r'\(_read, scope="function"\)', "(_read)")


@caught_by("integration", TESTS, says=r"left behind: \d+ open session.*")
def a_leaked_session(copy: Copy) -> None:
    """Each one takes a connection out of the pool."""
    read = r"async with self\._reading\(\) as session:\n            yield session"
    leak = r"self.kept = session = self._reading()\n        yield session"
    copy.change(DATABASE, read, leak)


@caught_by("integration", "tests/integration/test_start_and_stop.py", keyword="closes")
def a_database_that_stays_open(copy: Copy) -> None:
    """Its file is incomplete without its WAL."""
    copy.change(DATABASE, r"await self\.close\(\)", "pass")


@caught_by("integration", TESTS)
def a_conflict_that_is_not_retried(copy: Copy) -> None:
    """Where transactions overlap, one is rolled back, and its client gets an error."""
    copy.change(DATABASE, r"for attempt in range\(ATTEMPTS\)", "for attempt in range(0)")


@caught_by("integration", TESTS)
def an_error_that_shows_row_contents(copy: Copy) -> None:
    """They would be in the log, passwords included."""
    copy.change(
        SQLITE, r"(def _pooled(?:.*\n)*?.*)hide_parameters=True", r"\1hide_parameters=False"
    )


@caught_by("integration", TESTS_OF_SQLITE)
def deferred_transactions(copy: Copy) -> None:
    """`BEGIN` instead of `BEGIN IMMEDIATE`: two that read the same cannot both write."""
    copy.change(SQLITE, r'writer, "BEGIN IMMEDIATE"', 'writer, "BEGIN"')


@caught_by("integration", TESTS_OF_SQLITE)
def a_writer_without_a_busy_timeout(copy: Copy) -> None:
    """While another process writes, every write fails."""
    copy.change(SQLITE, r'"busy_timeout": [\d_]+', '"busy_timeout": 0')


@caught_by("integration", TESTS)
def readers_that_can_write(copy: Copy) -> None:
    """A write without the lock, in a session that only reads."""
    copy.change(SQLITE, r"query_only=1", "query_only=0")


@caught_by("integration", TESTS)
def foreign_keys_off(copy: Copy) -> None:
    """SQLite's own default: rows may refer to nothing."""
    copy.change(SQLITE, r'"foreign_keys": 1', '"foreign_keys": 0')


@caught_by("integration", TESTS_OF_SQLITE)
def wal_off_everywhere(copy: Copy) -> None:
    """Readers and the writer block each other."""
    copy.change(SQLITE, r'"journal_mode": "wal"', '"journal_mode": "delete"')


@caught_by("integration", TESTS_OF_SQLITE)
def a_driver_that_begins_nothing(copy: Copy) -> None:
    """Each statement is a transaction of its own."""
    copy.change(DRIVER, r"        self\._connection\.begin\(\)\n", "")


@caught_by("integration", TESTS_OF_DRIVER)
def a_long_query_in_the_loop(copy: Copy) -> None:
    """All requests wait for one."""
    copy.change(DRIVER, r"STEPS: Final = [\d_]+", "STEPS: Final = 10**9")


@caught_by("integration", TESTS_OF_DRIVER)
def a_lock_that_stops_the_loop(copy: Copy) -> None:
    """SQLite itself waits for it, in the loop's own thread."""
    copy.change(DRIVER, r'        raw\.execute\("PRAGMA busy_timeout=0"\)\n', "")


@caught_by("integration", TESTS_OF_DRIVER)
def a_rollback_that_overtakes_a_query(copy: Copy) -> None:
    """Two threads use one connection, and one of them is the loop's."""
    copy.change(DRIVER, r"return self\.sent != self\._done", "return False")


@caught_by("integration", TESTS_OF_DRIVER)
def rows_that_are_forgotten(copy: Copy) -> None:
    """A long list looks complete, and is not."""
    copy.change(DRIVER, r"len\(rows\) == ROWS", "False")


@caught_by("concurrency", TESTS_OF_NOTES, keyword="readers")
def reads_that_queue_behind_the_writer(copy: Copy) -> None:
    """One slow write stops the whole service."""
    copy.change(DEPENDENCIES, r"database\.read\(\)", "database.write()")


@caught_by("unit", "tests/unit/test_orm.py")
def a_datetime_without_its_time_zone(copy: Copy) -> None:
    """SQLite forgets it, and clients in other places read other times."""
    copy.change("src/plumbline/database/orm.py", r"value and value\.replace\(tzinfo=UTC\)", "value")


@caught_by("migration", TESTS_OF_MIGRATIONS)
def migrations_with_foreign_keys_on(copy: Copy) -> None:
    """Alembic's own set-up: rebuilding a table empties those that refer to it."""
    table = copy.table
    copy.append(MODELS, CHILD_MODEL.format(table=table))
    copy.add_migration(CREATE_CHILD.format(table=table), 'op.drop_table("planted")')
    copy.add_migration(REBUILD.format(table=table), name="rebuild")
    copy.change(MIGRATE, r"^        backend\.before_migrations\(connection\)\n", "")


@caught_by("migration", TESTS_OF_MIGRATIONS)
def an_upgrade_that_can_stop_half_way(copy: Copy) -> None:
    """Each migration commits for itself: after an interruption, no release fits the schema."""
    copy.add_migration("pass")
    copy.change(MIGRATE, r"transactional_ddl=True", "transaction_per_migration=True")


@caught_by("migration", "tests/migrations/test_sqlite_migrations.py")
def an_upgrade_that_leaves_a_dangling_key(copy: Copy) -> None:
    """Foreign keys are off while migrations run, so SQLite does not notice it."""
    copy.change(SQLITE, r"if dangling is not None", "if False")

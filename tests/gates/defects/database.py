"""Defects of connections, transactions and constraints."""

from .planting import MODELS, REPOSITORY, ROUTER, Copy, caught_by

DATABASE = "src/*/database.py"
SQLITE = "src/*/sqlite.py"
DRIVER = "src/*/sqlite_driver.py"
SANDBOX = "src/*/testing/sqlite_sandbox.py"
DEPENDENCIES = "src/*/dependencies.py"
TESTS = "tests/integration/test_database.py"
TESTS_OF_SQLITE = "tests/integration/test_sqlite.py"
TESTS_OF_THE_DRIVER = "tests/integration/test_sqlite_driver.py"
TESTS_OF_CONTENTION = "tests/integration/test_contention.py"
TESTS_OF_PROBLEMS = "tests/integration/test_problems.py"
TESTS_OF_CONCURRENCY = "tests/concurrency/test_*.py"

UNIQUE_COLUMN = (
    r'(^    __tablename__ = "(\w+)"\n(?:(?!class ).*\n)*?    (\w+): .*?)'
    r"(?:, unique=True|unique=True(?:, )?)"
)
WITHOUT_WAL = """
class PlainWriter(sqlite.WriterConnection):
    pragmas = PRAGMAS | {"journal_mode": "delete"}


class PlainReader(sqlite.ReaderConnection):
    pragmas = PlainWriter.pragmas | {"query_only": 1}


def plain_database(url: str) -> Database:
    with patch.multiple(sqlite, WriterConnection=PlainWriter, ReaderConnection=PlainReader):
        return Database(url, patience=PATIENCE)


"""


@caught_by("integration", "src/*/modules/*/test_router.py")
def a_forgotten_commit(copy: Copy) -> None:
    """Every write is answered, and none is kept."""
    write = r"(async def write(?:.*\n)*?.*)self\._writing\.begin\(\)"
    copy.change(DATABASE, write, r"\1self._writing()")


@caught_by("unit", "src/*/modules/*/test_*.py")
def a_repository_that_commits(copy: Copy) -> None:
    """Half of a use case is kept when its other half fails."""
    copy.change(REPOSITORY, r"_session\.flush\(\)", "_session.commit()")


@caught_by("integration", TESTS_OF_PROBLEMS)
def a_commit_after_the_answer(copy: Copy) -> None:
    """No `scope="function"`: the client has read 201 when the commit fails."""
    copy.change(DEPENDENCIES, r'\(_write, scope="function"\)', "(_write)")


@caught_by("integration", TESTS_OF_PROBLEMS)
def a_read_that_ends_after_the_answer(copy: Copy) -> None:
    """The same for a read: slow clients keep all connections."""
    copy.change(DEPENDENCIES, r'\(_read, scope="function"\)', "(_read)")


@caught_by("integration", TESTS_OF_SQLITE)
def deferred_transactions(copy: Copy) -> None:
    """`BEGIN` instead of `BEGIN IMMEDIATE`: two that read the same cannot both write."""
    copy.change(SQLITE, r'WriterConnection, "BEGIN IMMEDIATE"', 'WriterConnection, "BEGIN"')


@caught_by("integration", TESTS_OF_SQLITE)
def a_writer_that_does_not_wait(copy: Copy) -> None:
    """While another process writes, it is told that the database is locked."""
    copy.change(SQLITE, r'"busy_timeout": [\d_]+', '"busy_timeout": 0')


@caught_by("integration", TESTS_OF_SQLITE)
def a_driver_that_begins_nothing(copy: Copy) -> None:
    """Each statement is a transaction of its own."""
    copy.change(DRIVER, r"        self\._connection\.begin\(\)\n", "")


@caught_by("integration", TESTS_OF_THE_DRIVER)
def a_long_query_in_the_loop(copy: Copy) -> None:
    """All requests wait for one."""
    copy.change(DRIVER, r"STEPS: Final = [\d_]+", "STEPS: Final = 10**9")


@caught_by("integration", TESTS_OF_THE_DRIVER)
def a_lock_that_stops_the_loop(copy: Copy) -> None:
    """SQLite itself waits for it, in the loop's own thread."""
    copy.change(DRIVER, r'        raw\.execute\("PRAGMA busy_timeout=0"\)\n', "")


@caught_by("integration", TESTS_OF_THE_DRIVER)
def a_rollback_that_overtakes_a_query(copy: Copy) -> None:
    """Two threads use one connection, and one of them is the loop's."""
    copy.change(DRIVER, r"return self\.sent != self\._done", "return False")


@caught_by("integration", TESTS_OF_THE_DRIVER)
def rows_that_are_forgotten(copy: Copy) -> None:
    """A long list looks complete, and is not."""
    copy.change(DRIVER, r"len\(rows\) == ROWS", "False")


@caught_by("concurrency", TESTS_OF_CONCURRENCY)
def reads_that_queue_behind_the_writer(copy: Copy) -> None:
    """One slow write stops the whole service."""
    copy.change(DEPENDENCIES, r"database\.read\(\)", "database.write()")


@caught_by("concurrency", TESTS_OF_CONCURRENCY)
def a_list_that_queues_behind_the_writer(copy: Copy) -> None:
    """One endpoint that only reads, and asks for a session that writes."""
    copy.change(ROUTER, r"(async def list_(?:.*\n)*?.*)ReadSession", r"\1WriteSession")


@caught_by("integration", TESTS_OF_CONTENTION)
def a_refused_transaction_that_is_not_repeated(copy: Copy) -> None:
    """Where transactions overlap, one is undone for the sake of another: clients get errors."""
    copy.change("src/*/app.py", r"    app\.add_middleware\(Repeat\)\n", "")


@caught_by("integration", TESTS_OF_CONTENTION)
def a_repeated_request_that_lost_its_body(copy: Copy) -> None:
    """The second time, the endpoint reads nothing."""
    copy.change("src/*/contention.py", r"received\.append\(message\)", "pass")


@caught_by("integration", TESTS)
def readers_that_can_write(copy: Copy) -> None:
    """A write without the lock, where nobody expects one."""
    copy.change(SQLITE, r'"query_only": 1', '"query_only": 0')


@caught_by("integration", TESTS_OF_SQLITE)
def foreign_keys_off(copy: Copy) -> None:
    """SQLite's own default: rows may refer to nothing."""
    copy.change(SQLITE, r'"foreign_keys": 1', '"foreign_keys": 0')


@caught_by("integration", TESTS_OF_SQLITE)
def wal_off_everywhere(copy: Copy) -> None:
    """Readers and the writer block each other."""
    copy.change(SQLITE, r'"journal_mode": "wal"', '"journal_mode": "delete"')


@caught_by("integration", TESTS_OF_SQLITE)
def wal_off_in_the_tests_alone(copy: Copy) -> None:
    """The tests prove something about another database than production's."""
    copy.change(SANDBOX, r"^import asyncio\n", r"\g<0>from unittest.mock import patch\n")
    copy.change(SANDBOX, r"^from \.\.database", r"from .. import sqlite\n\g<0>")
    copy.change(SANDBOX, r"^class SqliteSandbox", rf"{WITHOUT_WAL}\g<0>")
    copy.change(SANDBOX, r"Database\(self\.url, patience=PATIENCE\)", "plain_database(self.url)")
    copy.change(SANDBOX, r"factory=WriterConnection", "factory=PlainWriter")


@caught_by("unit", "src/*/modules/*/test_*.py")
def a_lost_unique_constraint(copy: Copy) -> None:
    """Model and migrations agree that it is gone: only a test of the rule can tell."""
    _, found = copy.find(MODELS, UNIQUE_COLUMN)
    table, column = found[2], found[3]
    copy.change(MODELS, UNIQUE_COLUMN, r"\1")
    copy.add_migration(
        f'with op.batch_alter_table("{table}") as batch:\n'
        f'        batch.drop_constraint("uq_{table}_{column}", type_="unique")'
    )


@caught_by("unit", "src/*/modules/*/test_*.py", "src/*/test_orm.py")
def a_moment_without_its_time_zone(copy: Copy) -> None:
    """SQLite forgets it, and clients in other places read other moments."""
    copy.change("src/*/orm.py", r"value and value\.replace\(tzinfo=UTC\)", "value")

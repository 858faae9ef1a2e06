"""Defects of what the platform has for tests: fixtures, load tests, checks."""

from .planting import Copy, caught_by

TESTING = "src/plumbline/testing"
SANDBOX = f"{TESTING}/sqlite_sandbox.py"
TESTS_OF_DATABASE = "tests/integration/test_database.py"
TESTS_OF_LOAD = "tests/concurrency/test_load.py"
WITHOUT_WAL = """
class PlainWriter(sqlite.WriterConnection):
    def __init__(self, *arguments, **options):
        options["pragmas"] = PRAGMAS | {"journal_mode": "delete"}
        super().__init__(*arguments, **options)


class PlainReader(PlainWriter):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.execute("PRAGMA query_only=1")


def plain_database(service, url):
    with patch.multiple(sqlite, WriterConnection=PlainWriter, ReaderConnection=PlainReader):
        return service.open_database(url, pool_timeout=POOL_TIMEOUT)


"""


@caught_by("integration", TESTS_OF_DATABASE)
def a_test_database_that_is_not_rewound(copy: Copy) -> None:
    """What one test stores, the next one finds."""
    copy.change(f"{TESTING}/plugin.py", r"^        await sandbox\.rewind\(\)\n", "        pass\n")


@caught_by("integration", "tests/integration/test_sqlite.py")
def wal_off_in_the_tests_alone(copy: Copy) -> None:
    """The tests show something about another database than production's."""
    copy.change(SANDBOX, r"^import asyncio\n", r"\g<0>from unittest.mock import patch\n")
    copy.change(SANDBOX, r"^from \.\.database", r"from ..database import sqlite\n\g<0>")
    copy.change(SANDBOX, r"^class SqliteSandbox", rf"{WITHOUT_WAL}\g<0>")
    copy.change(
        SANDBOX,
        r"self\._service\.open_database\(self\.url, pool_timeout=POOL_TIMEOUT\)",
        "plain_database(self._service, self.url)",
    )
    copy.change(SANDBOX, r"factory=WriterConnection", "factory=PlainWriter")


@caught_by("unit", "tests/unit/test_gates.py")
def a_place_that_no_gate_runs(copy: Copy) -> None:
    """Its tests would look green for ever."""
    copy.change(f"{TESTING}/gates.py", r"raise pytest\.UsageError\(message\)", 'return ""')


@caught_by("concurrency", TESTS_OF_LOAD, keyword="lost_row")
def a_load_test_that_accepts_a_deleted_row(copy: Copy) -> None:
    """It would be green while the service keeps what it has deleted."""
    deleted = r"if \(row := await self\.resource\.read\(key\)\) is not None"
    copy.change(f"{TESTING}/load.py", deleted, "if False")


@caught_by("concurrency", TESTS_OF_LOAD, keyword="lost_change")
def a_load_test_that_counts_no_lost_change(copy: Copy) -> None:
    """It would be green while updates overwrite each other."""
    copy.change(f"{TESTING}/load.py", r"if counted not in \{None, made\}", "if False")


@caught_by("integration", "tests/integration/test_error_format.py", keyword="noticed")
def a_client_that_compares_no_response(copy: Copy) -> None:
    """Tests would accept what the OpenAPI document does not describe."""
    copy.change(f"{TESTING}/client.py", r"require_described\(app, response\)", "pass")

"""The service's work on plain sqlite3, on the same kind of connection and the same table.

python plain.py <database> <how many>    prints how many of each it does a second, without HTTP
"""

# mypy: disable-error-code="import-not-found"
# The service is in its own environment, mypy in the repository's.

import json
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID

from plumbline.database.sqlite import WriterConnection
from uuid_utils.compat import uuid7


class Plain:
    """Four statements and two transactions."""

    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, factory=WriterConnection)
        self.connection.row_factory = sqlite3.Row

    def create(self, name: str, description: str) -> dict[str, object]:
        """Insert one row and commit."""
        now = datetime.now(UTC).replace(tzinfo=None)
        row = (uuid7().hex, name, description, 1, str(now), str(now))
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)", row)
        self.connection.execute("COMMIT")
        return self.read(UUID(row[0]))

    def read(self, key: UUID) -> dict[str, object]:
        """One row."""
        query = "SELECT * FROM products WHERE id = ?"
        return dict(self.connection.execute(query, [key.hex]).fetchone())

    def page(self) -> list[dict[str, object]]:
        """The first fifty rows."""
        query = "SELECT * FROM products ORDER BY id LIMIT 50"
        return [dict(row) for row in self.connection.execute(query)]

    def change(self, key: UUID) -> None:
        """Read one row, change it and commit."""
        self.connection.execute("BEGIN IMMEDIATE")
        version = int(str(self.read(key)["version"]))
        now = datetime.now(UTC).replace(tzinfo=None)
        self.connection.execute(
            "UPDATE products SET description = ?, version = ?, updated_at = ?"
            " WHERE id = ? AND version = ?",
            (f"after {version}", version + 1, str(now), key.hex, version),
        )
        self.connection.execute("COMMIT")


def rate(do: Callable[[int], object], times: int) -> float:
    """How often it can be done in a second."""
    started = perf_counter()
    for number in range(times):
        do(number)
    return times / (perf_counter() - started)


if __name__ == "__main__":
    plain, count = Plain(sys.argv[1]), int(sys.argv[2])
    created = rate(lambda _: plain.create(f"plain {uuid7().hex}", ""), count)
    keys = [UUID(str(row["id"])) for row in plain.page()]
    rates = {
        "create": created,
        "change": rate(lambda _: plain.change(keys[0]), count),
        "read": rate(lambda number: plain.read(keys[number % len(keys)]), count),
        "list": rate(lambda _: plain.page(), count),
    }
    json.dump(rates, sys.stdout)

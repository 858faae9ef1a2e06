"""What could go wrong with migrations on SQLite alone, where they run with foreign keys off."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.util import CommandError
from sample.main import SERVICE


def test_upgrade_that_would_leave_a_dangling_key_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "service.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE _parent (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE _child (parent REFERENCES _parent DEFERRABLE)")
        connection.execute("INSERT INTO _child VALUES (1)")
        connection.commit()
        before = [*connection.iterdump()]

    dangling = "row 1 of _child would refer to a missing row of _parent"
    with pytest.raises(CommandError, match=dangling):
        command.upgrade(SERVICE.migrations.config(f"sqlite+aiosqlite:///{path}"), "head")

    with closing(sqlite3.connect(path)) as connection:
        assert [*connection.iterdump()] == before

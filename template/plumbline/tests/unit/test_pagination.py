"""A cursor is an opaque text for the id of the last row of a page."""

from uuid import UUID, uuid4

import pytest
from plumbline import Cursor, next_cursor
from pydantic import TypeAdapter, ValidationError

CURSOR = TypeAdapter[UUID](Cursor)


def test_cursor_of_a_full_page_names_its_last_row() -> None:
    ids = [uuid4(), uuid4()]

    cursor = next_cursor(ids, 2)

    assert CURSOR.validate_python(cursor) == ids[-1]
    assert CURSOR.dump_python(ids[-1]) == cursor


@pytest.mark.parametrize("length", [0, 1])
def test_page_shorter_than_its_limit_has_no_next_cursor(length: int) -> None:
    assert next_cursor([uuid4()] * length, 2) is None


@pytest.mark.parametrize("cursor", ["", "x", "ä" * 22, "x" * 23, str(uuid4()), None, 7])
def test_text_that_is_no_cursor_is_refused(cursor: object) -> None:
    with pytest.raises(ValidationError, match="not a cursor: use next_cursor of the page before"):
        CURSOR.validate_python(cursor)


def test_schema_of_a_cursor_is_a_text() -> None:
    assert CURSOR.json_schema()["type"] == "string"

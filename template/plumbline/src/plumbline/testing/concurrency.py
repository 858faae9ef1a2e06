"""Tests of many clients at once, in process, for any resource that a team describes.

    from plumbline.testing.concurrency import *

    @pytest.fixture
    def resource() -> type[Resource]:
        return Products

What a resource cannot do is skipped: see `load.Resource` and `load.RestResource`.
"""

import asyncio
from collections import Counter
from typing import Final

import httpx2
import pytest
from sqlalchemy import text

from ..database.database import Database
from .load import Resource, RestResource, Row, UnexpectedAnswer

__all__ = [
    "test_concurrent_creates_are_all_stored_and_all_distinct",
    "test_created_row_can_be_read_at_once",
    "test_of_concurrent_duplicates_exactly_one_is_created",
    "test_of_concurrent_updates_of_one_version_exactly_one_succeeds",
    "test_readers_do_not_wait_for_a_writer",
    "test_retried_updates_lose_no_change",
    "user",
]

MANY: Final = 50


@pytest.fixture
async def user(client: httpx2.AsyncClient, resource: type[Resource]) -> Resource:
    """The resource, as one client in process uses it."""
    one = resource(client)
    await one.prepare()
    return one


def as_rest(user: Resource) -> RestResource:
    """Return the resource if it has versions, else skip the test."""
    if not isinstance(user, RestResource):
        pytest.skip("this resource has no versions")
    return user


async def test_concurrent_creates_are_all_stored_and_all_distinct(user: Resource) -> None:
    before = {user.key(row) for row in await user.list()}

    rows = await asyncio.gather(*(user.create(user.new()) for _ in range(MANY)))

    created = {user.key(row) for row in rows}
    assert len(created) == MANY
    assert {user.key(row) for row in await user.list()} - before == created


async def test_created_row_can_be_read_at_once(user: Resource) -> None:
    async def create_and_read() -> None:
        row = await user.create(user.new())
        found = await user.read(user.key(row))
        assert found is not None
        assert found == row or not user.rows_are_complete

    await asyncio.gather(*(create_and_read() for _ in range(20)))


async def test_of_concurrent_updates_of_one_version_exactly_one_succeeds(user: Resource) -> None:
    rest = as_rest(user)
    row = await rest.create(rest.new())
    place, tag = f"{rest.url}/{rest.key(row)}", {"If-Match": f'"{row["version"]}"'}

    async def update() -> httpx2.Response:
        return await rest.ask("PATCH", place, 200, 412, json=rest.change(), headers=tag)

    answers = await asyncio.gather(*(update() for _ in range(MANY)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: MANY - 1}
    winner = next(answer.json() for answer in answers if answer.status_code == 200)  # noqa: PLR2004 - HTTP's
    assert await rest.read(rest.key(row)) == winner


async def test_retried_updates_lose_no_change(user: Resource) -> None:
    row = await user.create(user.new())
    clients = [type(user)(user.http) for _ in range(4)]

    changed = await asyncio.gather(*(one.update(user.key(row)) for one in clients))
    if None in changed:
        pytest.skip("rows of this resource never change")

    final = await user.read(user.key(row))
    assert final in changed or not user.rows_are_complete
    assert final is not None
    assert user.changes(final) in {None, len(clients)}


async def test_of_concurrent_duplicates_exactly_one_is_created(user: Resource) -> None:
    if not (isinstance(user, RestResource) and user.unique):
        pytest.skip("this resource has no unique field")
    body = user.new()

    async def create() -> Row | None:
        try:
            return await user.create(user.new() | {user.unique: body[user.unique]})
        except UnexpectedAnswer as error:
            if " got 409" not in str(error):
                raise
            return None

    created = await asyncio.gather(*(create() for _ in range(MANY)))

    [winner] = [row for row in created if row]
    assert [row for row in await user.list() if row[user.unique] == winner[user.unique]] == [winner]


async def test_readers_do_not_wait_for_a_writer(user: Resource, database: Database) -> None:
    key = user.key(await user.create(user.new()))

    async with database.write() as writer:
        await writer.execute(text("UPDATE alembic_version SET version_num = version_num"))  # locks
        found = await asyncio.gather(*(user.read(key) for _ in range(25)))
        await asyncio.gather(*(user.list_first_page() for _ in range(25)))

    assert None not in found

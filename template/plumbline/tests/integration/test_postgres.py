"""What holds for PostgreSQL alone: its types, what is refused, and one clear sentence each."""

import asyncio
from collections import Counter

import httpx2
import pytest
from sqlalchemy import make_url, text

from {{ package }}.app import create_app
from {{ package }}.database import Database
from {{ package }}.errors import Invalid, TryAgain, Unavailable
from {{ package }}.settings import Settings
from {{ package }}.testing.sandbox import EmptyDatabase


async def test_ids_and_moments_have_types_of_their_own(database: Database) -> None:
    columns = text(
        "SELECT DISTINCT udt_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name IN ('id', 'created_at')"
    )

    async with database.read() as session:
        assert set(await session.scalars(columns)) == {"uuid", "timestamptz"}


@pytest.mark.parametrize(("word", "number"), [("a\0b", 1), ("a", 2**31)])
async def test_a_value_that_it_cannot_hold_is_one_clear_error(
    database: Database, word: str, number: int
) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _value (word text, number integer)"))

    with pytest.raises(Invalid, match="cannot be stored"):
        async with database.write() as session:
            row = {"word": word, "number": number}
            await session.execute(text("INSERT INTO _value VALUES (:word, :number)"), row)


async def test_of_transactions_that_cannot_both_be_right_one_is_refused(
    database: Database,
) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _counter AS SELECT 0 AS value"))

    async def increment() -> None:
        async with database.write() as session:
            value = await session.scalar(text("SELECT value FROM _counter"))
            await asyncio.sleep(0.01)
            await session.execute(text("UPDATE _counter SET value = :next"), {"next": value + 1})

    refused = await asyncio.gather(*(increment() for _ in range(3)), return_exceptions=True)
    assert Counter(map(type, refused)) == {type(None): 1, TryAgain: 2}

    await asyncio.gather(*(database.repeat(increment) for _ in range(20)))
    async with database.read() as session:
        assert await session.scalar(text("SELECT value FROM _counter")) == 21


async def test_a_lock_that_nobody_gives_back_is_one_clear_error(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _row AS SELECT 1 AS id"))

    async with database.write() as keeper, Database(database.url) as other:
        await keeper.execute(text("UPDATE _row SET id = 2"))
        with pytest.raises(Unavailable, match="is locked by another transaction"):
            async with other.write() as session:
                await session.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await session.execute(text("UPDATE _row SET id = 3"))


async def refusal(url: str) -> str:
    """The sentence with which a service refuses a database."""
    async with Database(url, patience=1) as database:
        with pytest.raises(Unavailable) as refused:
            await database.check(writable=True)
    return str(refused.value)


async def test_a_server_that_is_not_there_is_named() -> None:
    url = make_url("postgresql+asyncpg://somebody:secret@127.0.0.1:1/service")

    told = await refusal(url.render_as_string(hide_password=False))

    assert told.startswith("The database service on 127.0.0.1 cannot be reached: ")
    assert "secret" not in told


async def test_a_database_that_is_not_there_is_named(database: Database) -> None:
    url = make_url(database.url).set(database="nowhere")

    assert "is not there: create it" in await refusal(url.render_as_string(hide_password=False))


async def test_an_empty_database_wants_its_migrations(empty_database: EmptyDatabase) -> None:
    async with empty_database() as url:
        assert "run `alembic upgrade head`" in await refusal(url)


async def test_sessions_that_the_server_ends_are_made_anew(database: Database) -> None:
    app = create_app(Settings(_env_file=None, database_url=database.url))
    end = text(
        "SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> ''"
    )
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="https://test"
        ) as client,
    ):
        statuses = []
        for _ in range(3):
            async with database.write() as session:
                assert await session.scalar(end)
            statuses += [(await client.get("/health/ready")).status_code for _ in range(2)]

    assert statuses[0] in {200, 503}
    assert statuses[-1] == 200

"""What holds for PostgreSQL alone: types, serialization failures, one clear message each."""

import asyncio
from collections import Counter

import httpx2
import pytest
from plumbline import Invalid, SerializationFailure, Unavailable
from plumbline.database import Database
from plumbline.testing.sandbox import EmptyDatabase
from sample.app import create_app
from sample.main import SERVICE
from sample.settings import Settings
from sqlalchemy import make_url, text


async def test_ids_and_datetimes_have_types_of_their_own(database: Database) -> None:
    columns = text(
        "SELECT DISTINCT udt_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name IN ('id', 'created_at')"
    )

    async with database.read() as session:
        assert set(await session.scalars(columns)) == {"uuid", "timestamptz"}


@pytest.mark.parametrize(("word", "number"), [("a\0b", 1), ("a", 2**31)])
async def test_value_that_cannot_be_stored_is_invalid(
    database: Database, word: str, number: int
) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _value (word text, number integer)"))

    with pytest.raises(Invalid, match="cannot be stored"):
        async with database.write() as session:
            row = {"word": word, "number": number}
            await session.execute(text("INSERT INTO _value VALUES (:word, :number)"), row)


async def test_of_conflicting_transactions_one_succeeds_and_retries_make_all_succeed(
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
    assert Counter(map(type, refused)) == {type(None): 1, SerializationFailure: 2}

    await asyncio.gather(*(database.retry_on_conflict(increment) for _ in range(20)))
    async with database.read() as session:
        assert await session.scalar(text("SELECT value FROM _counter")) == 21


async def test_lock_timeout_names_the_reason(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE _row AS SELECT 1 AS id"))

    async with database.write() as holder, Database(database.url) as other:
        await holder.execute(text("UPDATE _row SET id = 2"))
        with pytest.raises(Unavailable, match="is locked by another transaction"):
            async with other.write() as session:
                await session.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await session.execute(text("UPDATE _row SET id = 3"))


async def refusal(url: str) -> str:
    """Return the message with which a service refuses a database."""
    async with SERVICE.open_database(url, pool_timeout=1) as database:
        with pytest.raises(Unavailable) as refused:
            await database.check(writable=True)
    return str(refused.value)


async def test_unreachable_server_is_named_without_the_password() -> None:
    url = make_url("postgresql+asyncpg://user:secret@127.0.0.1:1/service")

    message = await refusal(url.render_as_string(hide_password=False))

    assert message.startswith("The database service on 127.0.0.1 cannot be reached: ")
    assert "secret" not in message


async def test_missing_database_is_named(database: Database) -> None:
    url = make_url(database.url).set(database="nowhere")

    assert "is not there: create it" in await refusal(url.render_as_string(hide_password=False))


async def test_empty_database_needs_its_migrations(empty_database: EmptyDatabase) -> None:
    async with empty_database() as url:
        assert "run `alembic upgrade head`" in await refusal(url)


async def test_connections_that_the_server_ends_are_opened_again(database: Database) -> None:
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

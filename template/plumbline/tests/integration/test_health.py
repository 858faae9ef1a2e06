"""Live means that the process answers; ready means that it can serve."""

import httpx2
from plumbline.database import Database
from sqlalchemy import text


async def test_process_is_live(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "ok"}


async def test_service_is_ready_on_a_migrated_database(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/health/ready")).json() == {"status": "ok"}


async def test_service_is_not_ready_at_another_revision(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'newer'"))

    assert (await client.get("/health/ready")).status_code == 503
    assert (await client.get("/health/live")).status_code == 200


async def test_service_is_not_ready_without_tables(
    client: httpx2.AsyncClient,
    database: Database,
) -> None:
    async with database.write() as session:
        await session.execute(text("DROP TABLE alembic_version"))

    assert (await client.get("/health/ready")).status_code == 503

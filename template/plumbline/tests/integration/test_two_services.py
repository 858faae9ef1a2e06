"""Two services of one process have tables and settings of their own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from plumbline.testing.client import client_of
from plumbline.testing.sandbox import AnyService
from sample.copied import copied_service
from sample.main import SERVICE
from sqlalchemy.orm import configure_mappers


@pytest.fixture
def second(tmp_path: Path) -> Iterator[AnyService]:
    """A copy of the sample."""
    with copied_service(tmp_path, "second") as service:
        yield service


async def titles_of(service: AnyService, folder: Path) -> list[str]:
    """Create two notes through the service, on a database of its own; return the titles of all."""
    url = f"sqlite+aiosqlite:///{folder / service.package}.db"
    await asyncio.to_thread(command.upgrade, service.migrations.config(url), "head")
    app = service.create_app(service.settings(_env_file=None, database_url=url))
    async with app.router.lifespan_context(app), client_of(app) as client:
        for title in ("same", service.package):
            created = await client.post("/api/v1/notes", json={"title": title})
            assert created.status_code == 201
        return [row["title"] for row in (await client.get("/api/v1/notes")).json()["items"]]


async def test_services_with_a_table_of_the_same_name_work_in_one_process(
    second: AnyService, tmp_path: Path
) -> None:
    assert await titles_of(SERVICE, tmp_path) == ["same", "sample"]
    assert await titles_of(second, tmp_path) == ["same", "second"]
    configure_mappers()


def test_services_have_tables_and_prefixes_of_their_own(second: AnyService) -> None:
    second.modules.import_models()

    assert second.metadata is not SERVICE.metadata
    assert second.metadata.tables.keys() == SERVICE.metadata.tables.keys() == {"notes"}
    assert (second.settings.prefix(), SERVICE.settings.prefix()) == ("SECOND_", "SAMPLE_")

"""How Alembic runs the migrations: all in one transaction, which ends with all keys intact."""

import asyncio
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from identity.backends import backend_of
from identity.errors import ServiceError
from identity.modules import BrokenModule, import_models
from identity.orm import Base, UtcDateTime
from identity.settings import Settings, named

try:
    import_models()
except BrokenModule as error:
    raise CommandError(str(error)) from error


def render_item(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write our own types as what they are in the database: migrations outlive the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def skip_empty(_: object, __: object, directives: list[MigrationScript]) -> None:
    """Write no revision when the models have nothing new."""
    asked = context.config.cmd_opts
    operations = directives[0].upgrade_ops
    if getattr(asked, "autogenerate", False) and operations is not None and operations.is_empty():
        directives.clear()
        context.config.print_stdout("The models have nothing new: no migration is written.")


def migrate(connection: Connection) -> None:
    """Run the migrations, in one transaction."""
    url = connection.engine.url.render_as_string()
    backend = backend_of(url)
    backend.before_migrations(connection)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_server_default=True,
        transactional_ddl=True,
        process_revision_directives=context.config.attributes.get(
            "process_revision_directives", skip_empty
        ),
    )
    with context.begin_transaction(), backend.migrating(connection):
        run_migrations(backend.name_of(url))


def run_migrations(name: str) -> None:
    """Let Alembic run them, and say more than it does where the database is ahead of this code."""
    try:
        context.run_migrations()
    except CommandError as error:
        unknown = getattr(error.__cause__, "argument", None)  # it may be what somebody has typed
        if unknown not in context.get_context().get_current_heads():
            raise
        mend = "go back to the release or branch that made it, or delete it if you can spare it"
        message = f"The database {name} is at the unknown revision {unknown}: {mend}"
        raise CommandError(message) from error


def url_of_the_settings() -> str:
    """The database that the environment names. Raises `CommandError` for an unusable setting."""
    try:
        return Settings().database_url
    except ValidationError as error:
        raise CommandError(f"{named(error)}.") from error


async def run(engine: AsyncEngine) -> None:
    """Migrate its database."""
    async with engine.connect() as connection:
        await connection.run_sync(migrate)


def main() -> None:
    """Migrate what the caller hands in or names, or else the database of the settings."""
    attributes = context.config.attributes
    given: AsyncEngine | Engine | None = attributes.get("connection")
    if given is None:
        url = attributes.get("url") or url_of_the_settings()
        given = backend_of(url).migration_engine(url)
    try:
        if isinstance(given, AsyncEngine):
            asyncio.run(run(given))
        else:  # within a transaction of pytest-alembic's
            with given.connect() as connection:
                migrate(connection)
    except ServiceError as error:
        raise CommandError(str(error)) from error


if context.is_offline_mode():
    raise CommandError("--sql cannot work: SQLite alters a table by reading what is in it")
main()

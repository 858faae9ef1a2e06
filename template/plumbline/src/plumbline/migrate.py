"""Alembic's environment, which a service's `migrations/env.py` calls."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from .database.backend import backend_of
from .database.orm import UtcDateTime
from .errors import ServiceError
from .modules import BrokenModule, Modules
from .settings import Settings, format_errors


def run_migrations(package: str, settings: type[Settings], metadata: MetaData) -> None:
    """Run the migrations of a service in one transaction that leaves no dangling key.

    The database is the one that the caller hands in or names in `config.attributes`, else that of
    the settings. Raises `alembic.util.CommandError` with one sentence.
    """
    if context.is_offline_mode():
        raise CommandError("--sql cannot work: SQLite alters a table by reading what is in it")
    try:
        Modules(package).import_models()
        _Environment(settings, metadata).run()
    except (BrokenModule, ServiceError) as error:
        raise CommandError(str(error)) from error


@dataclass(frozen=True)
class _Environment:
    settings: type[Settings]
    metadata: MetaData

    def run(self) -> None:
        attributes = context.config.attributes
        given: AsyncEngine | Engine | None = attributes.get("connection")
        if given is None:
            url = attributes.get("url") or self._database_url()
            given = backend_of(url).migration_engine(url, self.settings.connection_options)
        if isinstance(given, AsyncEngine):
            asyncio.run(self._connect_and_migrate(given))
        else:  # within a transaction of pytest-alembic's
            with given.connect() as connection:
                self._migrate(connection)

    def _database_url(self) -> str:
        try:
            return self.settings().database_url
        except ValidationError as error:
            raise CommandError(f"{format_errors(error, self.settings.prefix())}.") from error

    async def _connect_and_migrate(self, engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.run_sync(self._migrate)

    def _migrate(self, connection: Connection) -> None:
        url = connection.engine.url.render_as_string()
        backend = backend_of(url)
        backend.before_migrations(connection)
        context.configure(
            connection=connection,
            target_metadata=self.metadata,
            render_as_batch=True,
            render_item=_render_item,
            compare_server_default=True,
            transactional_ddl=True,
            process_revision_directives=context.config.attributes.get(
                "process_revision_directives", _skip_empty
            ),
        )
        with context.begin_transaction(), backend.migrating(connection):
            _run(backend.display_name(url))


def _run(name: str) -> None:
    """Run the migrations; explain more than Alembic where the database is ahead of this code."""
    try:
        context.run_migrations()
    except CommandError as error:
        unknown = getattr(error.__cause__, "argument", None)  # or a revision that was mistyped
        if unknown not in context.get_context().get_current_heads():
            raise
        hint = "go back to the release or branch that made it, or delete it if you can spare it"
        message = f"The database {name} is at the unknown revision {unknown}: {hint}"
        raise CommandError(message) from error


def _render_item(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write our own types as what they are in the database: migrations outlive the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _skip_empty(_: object, __: object, directives: list[MigrationScript]) -> None:
    """Write no revision when the models have nothing new."""
    asked = context.config.cmd_opts
    operations = directives[0].upgrade_ops
    if getattr(asked, "autogenerate", False) and operations is not None and operations.is_empty():
        directives.clear()
        context.config.print_stdout("The models have nothing new: no migration is written.")

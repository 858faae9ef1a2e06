"""How Alembic runs the migrations: all in one transaction, which ends with all keys intact."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy import Connection, Engine, text

from catalog.errors import Unavailable
from catalog.modules import BrokenModule, import_models
from catalog.orm import Base, UtcDateTime
from catalog.settings import Settings
from catalog.sqlite import migration_engine

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
    """Run the migrations with foreign keys off, and refuse the result if one is left dangling.

    SQLite alters a table by building a new one and dropping the old, and with foreign keys on
    that drop empties every table that refers to it. They can only be switched off outside a
    transaction, hence on the driver's connection, before ours begins.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")
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
    with context.begin_transaction():
        run_migrations(str(connection.engine.url.database))
        dangling = connection.execute(text("PRAGMA foreign_key_check")).first()
        if dangling is not None:
            table, row, parent, _ = dangling
            message = f"row {row} of {table} would refer to a missing row of {parent}"
            raise CommandError(message)


def run_migrations(path: str) -> None:
    """Let Alembic run them, and say more than it does where the database is ahead of this code."""
    try:
        context.run_migrations()
    except CommandError as error:
        unknown = getattr(error.__cause__, "argument", None)  # it may be what somebody has typed
        if unknown not in context.get_context().get_current_heads():
            raise
        mend = "go back to the release or branch that made it, or delete a file that you can spare"
        message = f"The database {path} is at the unknown revision {unknown}: {mend}"
        raise CommandError(message) from error


def url_of_the_settings() -> str:
    """The database that the environment names. Raises `CommandError` for an unusable setting."""
    try:
        return Settings().database_url
    except ValidationError as error:
        from catalog.main import named  # noqa: PLC0415 - brings FastAPI, which few runs need

        raise CommandError(f"{named(error)}.") from error


def run() -> None:
    """Migrate the engine or database that the caller names, or else the one of the settings."""
    attributes = context.config.attributes
    engine: Engine | None = attributes.get("connection")
    if engine is None:
        engine = migration_engine(attributes.get("url") or url_of_the_settings())
    try:
        with engine.connect() as connection:
            migrate(connection)
    except Unavailable as error:
        raise CommandError(str(error)) from error


if context.is_offline_mode():
    raise CommandError("--sql cannot work: SQLite alters a table by reading what is in it")
run()

"""The tests of a schema's history that the platform has for services, on the sample."""

import sys
from argparse import Namespace
from pathlib import Path

import pytest
from alembic import command
from alembic.util import CommandError
from plumbline.service import find_service
from plumbline.testing.migrations import *
from plumbline.testing.migrations import ask
from plumbline.testing.sandbox import AnyService
from pytest_alembic.runner import MigrationContext
from sample.copied import copied_service, copy_sample, importable
from sample.main import SERVICE
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine


def set_unknown_revision(connection: Connection) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = 'elsewhere'"))


def test_database_at_an_unknown_revision_gets_another_message_than_a_mistyped_revision(
    alembic_runner: MigrationContext,
    alembic_engine: AsyncEngine,
) -> None:
    alembic_runner.migrate_up_to("heads")
    with pytest.raises(RuntimeError, match=r"^Can't locate revision identified by 'typed'"):
        alembic_runner.raw_command("upgrade", "typed")

    ask(alembic_engine, set_unknown_revision)

    hint = "is at the unknown revision elsewhere: go back to the release or branch"
    with pytest.raises(RuntimeError, match=hint):
        alembic_runner.raw_command("upgrade", "heads")


def test_upgrade_without_a_connection_is_refused_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAMPLE_DATABASE_URL", "nonsense")
    config = SERVICE.migrations.config("")  # that of the settings

    with pytest.raises(CommandError, match=r"^SAMPLE_DATABASE_URL: expected sqlite.*\.$"):
        command.upgrade(config, "head")
    with pytest.raises(CommandError, match="--sql cannot work"):
        command.upgrade(config, "head", sql=True)


def autogenerate(service: AnyService, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Migrate a new database, then write a revision as the command line does; return the output."""
    config = service.migrations.config(f"sqlite+aiosqlite:///{folder / 'new.db'}")
    config.cmd_opts = Namespace(autogenerate=True)
    config.stdout = sys.stdout
    command.upgrade(config, "head")
    command.revision(config, "again", autogenerate=True)
    return capsys.readouterr().out


def test_autogenerate_writes_no_revision_when_the_models_have_nothing_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with copied_service(tmp_path, "unchanged") as service:
        output = autogenerate(service, tmp_path, capsys)

        assert "The models have nothing new: no migration is written." in output
        assert len(service.migrations.revisions) == 1


def test_autogenerate_writes_datetimes_as_the_database_has_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = copy_sample(tmp_path, "changed") / "modules" / "notes" / "models.py"
    column = "    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)\n"
    text = models.read_text(encoding="utf-8").replace(
        "    text: Mapped", f"{column}    text: Mapped"
    )
    text = text.replace("import Timestamps", "import Timestamps, UtcDateTime")
    models.write_text(f"from datetime import datetime\n{text}", encoding="utf-8")
    with importable(tmp_path, "changed"):
        service = find_service("changed")
        autogenerate(service, tmp_path, capsys)
        versions = service.migrations.folder / "versions"
        [written] = [path for path in versions.glob("*.py") if path.stem != "create_notes"]

        revision = written.read_text(encoding="utf-8")
        assert "sa.Column('read_at', sa.DateTime(timezone=True), nullable=True)" in revision
        command.upgrade(
            service.migrations.config(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"), "head"
        )

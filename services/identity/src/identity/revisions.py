"""The schema's history as this release knows it, without a database."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config  # importing Alembic takes 0.1 s, which few callers need

MIGRATIONS = Path(__file__).with_name("migrations")


def migration_config(url: str) -> Config:
    """Alembic's configuration for the database at `url`, for use from Python."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = url
    return config


@cache
def known_revisions() -> tuple[str, ...]:
    """All revisions, the head first. Raises `alembic.util.CommandError` for two heads."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    scripts = ScriptDirectory(str(MIGRATIONS))
    head = scripts.get_current_head()
    return tuple(script.revision for script in scripts.walk_revisions(head=head or "base"))

"""The schema's history of a service, and how Alembic runs it: all in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config  # importing Alembic takes 0.1 s, which few callers need


@dataclass(frozen=True)
class Migrations:
    """The migrations of the service whose package is called `package`, without a database."""

    package: str

    @property
    def folder(self) -> Path:
        """The folder with `env.py` and `versions/`."""
        return Path(str(import_module(self.package).__file__)).with_name("migrations")

    def config(self, url: str) -> Config:
        """Return Alembic's configuration for the database at `url`, for use from Python."""
        from alembic.config import Config  # noqa: PLC0415 - see above

        config = Config()
        config.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        config.attributes["url"] = url
        return config

    @cached_property
    def revisions(self) -> tuple[str, ...]:
        """All revisions, the head first. Raises `alembic.util.CommandError` for two heads."""
        from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

        scripts = ScriptDirectory(str(self.folder))
        head = scripts.get_current_head()
        return tuple(script.revision for script in scripts.walk_revisions(head=head or "base"))

"""What a defect is, and the few ways in which one is planted into a copy of a project."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE = "tests/sample"  # the service on which the platform's own tests run
MODELS = "{service}/modules/*/models.py"
REPOSITORY = "{service}/modules/*/repository.py"
SERVICE = "{service}/modules/*/service.py"
ROUTER = "{service}/modules/*/router.py"
VERSIONS = "{service}/migrations/versions/*.py"

A_FAILED_TEST = r"^FAILED [^:]+::(.+?)(?: - |$)"

A_MIGRATION = '''"""Planted."""

import sqlalchemy as sa
from alembic import op

revision: str = "{name}"
down_revision: str | None = "{after}"


def upgrade() -> None:
    """Bring the schema forward."""
    {upgrade}


def downgrade() -> None:
    """Take it back."""
    {downgrade}
'''


class NotApplicable(Exception):
    """The project no longer has the code that this defect would change."""


@dataclass(frozen=True)
class Copy:
    """A copy of a service, or of the platform, into which a defect is planted.

    `files` are a glob relative to its folder, in which `{service}` is the package of the service,
    or of the platform's sample; of all that match, the first is changed. Every method raises
    `NotApplicable` when none does.
    """

    root: Path

    def glob(self, files: str) -> list[Path]:
        """Return the files that match, sorted."""
        service = SAMPLE if (self.root / SAMPLE).is_dir() else "src/*"
        return sorted(self.root.glob(files.replace("{service}", service)))

    def find(self, files: str, pattern: str) -> tuple[Path, re.Match[str]]:
        """Return where a regular expression matches; `^` and `$` are those of a line."""
        for path in self.glob(files):
            if found := re.search(pattern, path.read_text("utf-8"), re.MULTILINE):
                return path, found
        raise NotApplicable(f"nothing in {files} matches {pattern!r}")

    def change(self, files: str, pattern: str, new: str) -> None:
        """Replace what matches; `new` may refer to groups."""
        path, found = self.find(files, pattern)
        before, after = found.string[: found.start()], found.string[found.end() :]
        path.write_text(before + found.expand(new) + after, "utf-8")

    def append(self, files: str, text: str) -> None:
        """Add lines to the end of a file."""
        path, found = self.find(files, r"\A")
        path.write_text(f"{found.string}\n\n{text}", "utf-8")

    def add(self, folder: str, name: str, text: str) -> None:
        """Write a new file, beside the first file of the project in this folder."""
        path, _ = self.find(f"{folder}/*.py", r"\A")
        path.with_name(name).write_text(text, "utf-8")

    @property
    def table(self) -> str:
        """The name of the first table with a model."""
        _, found = self.find(MODELS, r'^    __tablename__ = "(\w+)"')
        return str(found[1])

    def add_column(self, declaration: str) -> None:
        """Give the model of that table one more column."""
        self.change(MODELS, r'^    __tablename__ = "\w+"\n', rf"\g<0>    {declaration}\n")

    @property
    def head(self) -> str:
        """The name of the newest migration."""
        history = "".join(path.read_text("utf-8") for path in self.glob(VERSIONS))
        known = re.findall(r"""^revision\b.*["']([\w-]+)["']""", history, re.MULTILINE)
        followed = re.findall(r"^down_revision\b.*", history, re.MULTILINE)
        heads = set(known) - set(re.findall(r"""["']([\w-]+)["']""", "".join(followed)))
        if len(heads) != 1:
            raise NotApplicable(f"the migrations have {len(heads)} heads")
        return str(heads.pop())

    def add_migration(
        self,
        upgrade: str,
        downgrade: str = "pass",
        *,
        name: str = "planted",
        after: str = "",
    ) -> None:
        """Write a migration that follows the head, or the one called `after`."""
        text = A_MIGRATION.format(
            name=name, after=after or self.head, upgrade=upgrade, downgrade=downgrade
        )
        self.add("{service}/migrations/versions", f"{name}.py", text)


@dataclass(frozen=True)
class Defect:
    """A known defect: how to plant it, and which gate must catch it.

    That gate must print a match of `says`: one that fails for another reason has caught nothing.
    `only` are globs of the tests to try first, for speed; of these, those with `keyword` in their
    names, as for `-k`, and with `options` of pytest. `env` is for all runs.
    """

    plant: Callable[[Copy], None]
    gate: str
    only: tuple[str, ...] = ()
    says: str = A_FAILED_TEST
    keyword: str = ""
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.plant.__name__.replace("_", " ")


def caught_by(
    gate: str,
    *only: str,
    says: str = A_FAILED_TEST,
    keyword: str = "",
    options: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Copy], None]], Defect]:
    """Make a defect of the function that plants it, and that gives it its name."""
    return lambda plant: Defect(plant, gate, only, says, keyword, options, env or {})

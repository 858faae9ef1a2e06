"""Copies a SQLite database while the service goes on writing.

    python -m plumbline.backup <package of the service> <new file>

The copy is what was committed at one moment, checked, and complete in one file. For PostgreSQL, use
`pg_dump`.
"""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from pydantic import ValidationError

from .database.backend import backend_of
from .errors import ServiceError, Unavailable
from .service import Service, find_service
from .settings import Settings, format_errors


def back_up(source: Path, target: Path) -> None:
    """Write the file `target`; it is there whole, or not at all.

    Raises `Unavailable` when there is such a file, when the database cannot be read, and when the
    copy is not sound.
    """
    if target.exists():
        raise Unavailable(f"There is a file {target}: name a new one.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as ours:
            ours.execute("VACUUM INTO ?", [str(unfinished)])
        check(unfinished)
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.rename(target)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"{source} cannot be copied to {target}: {error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def check(path: Path) -> None:
    """Raise `Unavailable` for a database that is damaged or has a dangling foreign key."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        dangling = copy.execute("PRAGMA foreign_key_check").fetchone()
    if found != "ok" or dangling:
        raise Unavailable(f"{path} is damaged ({found}): go back to an older backup.")


def main(arguments: list[str]) -> str | None:
    """Back up the database of the settings; return the reason to fail."""
    if len(arguments) != 2:  # noqa: PLR2004 - package, file
        return "Name the service and a new file: python -m plumbline.backup orders orders-copy.db"
    try:
        return _back_up(find_service(arguments[0]), Path(arguments[1]))
    except ValueError as error:
        return str(error)


def _back_up(service: Service[Settings], target: Path) -> str | None:
    try:
        url = service.settings().database_url
        name = backend_of(url).display_name(url)
        if not url.startswith("sqlite"):
            return f"{name} is PostgreSQL: copy it with pg_dump."
        back_up(Path(name), target)
    except ValidationError as error:
        return f"{format_errors(error, service.settings.prefix())}."
    except ServiceError as error:
        return str(error)
    print(f"{target} is a sound copy of {name}.")  # noqa: T201 - for people
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

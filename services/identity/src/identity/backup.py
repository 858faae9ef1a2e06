"""Copies a SQLite database while the service goes on writing.

    python -m <package>.backup <new file>

The copy is what was committed at one moment, checked, and complete in one file. PostgreSQL brings
`pg_dump` for that.
"""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from pydantic import ValidationError

from .backends import backend_of
from .errors import ServiceError, Unavailable
from .settings import Settings, named
from .sqlite import name_of


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
    """Raise `Unavailable` for a database that is damaged, or in which a key is left dangling."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        (told,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        dangling = copy.execute("PRAGMA foreign_key_check").fetchone()
    if told != "ok" or dangling:
        raise Unavailable(f"{path} is damaged ({told}): go back to an older backup.")


def main(arguments: list[str]) -> str | None:
    """Back up the database of the settings; gives the reason to fail."""
    if len(arguments) != 1:
        return f"Say where to: python -m {__package__}.backup <new file>"
    try:
        url = Settings().database_url
        if not url.startswith("sqlite"):
            return f"{backend_of(url).name_of(url)} is PostgreSQL: copy it with pg_dump."
        back_up(Path(name_of(url)), Path(arguments[0]))
    except ValidationError as error:
        return f"{named(error)}."
    except ServiceError as error:
        return str(error)
    print(f"{arguments[0]} is a sound copy of {name_of(url)}.")  # noqa: T201 - for people
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

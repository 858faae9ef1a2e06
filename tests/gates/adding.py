"""Puts what was rendered into its place, and takes it away again when it does not prove good."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def added(rendered: Path, place: Path) -> Iterator[None]:
    """Move all files of `rendered` into `place`; when the block raises, everything is as before.

    Raises `FileExistsError` with one sentence, before anything is moved, for a file that is there.
    """
    files = [path.relative_to(rendered) for path in rendered.rglob("*") if path.is_file()]
    if there := next((path for path in files if (place / path).exists()), None):
        message = f"{place.name}/{there} exists: choose another name, or delete it first."
        raise FileExistsError(message)
    is_new = not place.exists()
    try:
        for path in files:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (rendered / path).rename(place / path)
        yield
    except BaseException:
        if is_new:
            shutil.rmtree(place, ignore_errors=True)
        for path in files:
            _take_away(place / path, place)
        raise
    shutil.rmtree(rendered)


def _take_away(path: Path, place: Path) -> None:
    path.unlink(missing_ok=True)
    folder = path.parent
    while folder != place and _holds_nothing(folder):
        shutil.rmtree(folder)
        folder = folder.parent


def _holds_nothing(folder: Path) -> bool:
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= {"__pycache__"}

"""The faster driver of SQLite is one file of the platform, and all works without it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Run, beside_the_platform, own_platform


@pytest.fixture
def package() -> Iterator[Path]:
    """A copy of the platform; not in pytest's folder, which an unprivileged user cannot read."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield own_platform(beside_the_platform(Path(folder)))


def test_platform_works_without_the_faster_driver(package: Path, inside: Run) -> None:
    platform = package.parents[1]
    (package / "database/sqlite_driver.py").unlink()
    (platform / "tests/integration/test_sqlite_driver.py").unlink()
    program = "from plumbline.database.sqlite import FASTER; print(FASTER)"

    slower = inside(platform, "python", "-c", program)
    tested = inside(platform, "pytest", "-q", "-p", "no:cacheprovider")

    assert slower.stdout == "None\n", slower.stderr
    assert tested.returncode == 0, tested.stdout

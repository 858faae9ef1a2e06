"""The faster driver of SQLite is one file of the platform, and all works without it."""

from pathlib import Path

from .conftest import Run, own_platform


def test_platform_and_service_work_without_the_faster_driver(service: Path, inside: Run) -> None:
    package = own_platform(service)
    platform = package.parents[1]
    (package / "database/sqlite_driver.py").unlink()
    (platform / "tests/integration/test_sqlite_driver.py").unlink()
    program = "from plumbline.database.sqlite import FASTER; print(FASTER)"
    gates = ("-m", "unit or integration or migration or concurrency")

    slower = inside(service, "python", "-c", program)
    tested = inside(platform, "pytest", "-q", "-p", "no:cacheprovider", *gates)
    used = inside(service, "pytest", "-q", "-p", "no:cacheprovider", "-m", "unit or integration")

    assert slower.stdout == "None\n", slower.stderr
    assert tested.returncode == 0, tested.stdout
    assert used.returncode == 0, used.stdout

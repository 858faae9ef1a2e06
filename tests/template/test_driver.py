"""The faster driver of SQLite is one file, and all works without it."""

from pathlib import Path

from .conftest import Run


def test_all_works_without_the_faster_driver(service: Path, inside: Run) -> None:
    (service / "src" / "orders" / "sqlite_driver.py").unlink()
    (service / "tests" / "integration" / "test_sqlite_driver.py").unlink()

    tested = inside(service, "pytest", "-q", "-p", "no:cacheprovider")
    slower = inside(service, "python", "-c", "from orders.sqlite import FASTER; print(FASTER)")

    assert tested.returncode == 0, tested.stdout
    assert slower.stdout == "None\n"

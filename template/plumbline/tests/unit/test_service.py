"""A service is found by the name of its package."""

from pathlib import Path

import pytest
from plumbline.service import find_service
from sample.copied import copy_sample, importable
from sample.main import SERVICE


def test_service_is_found_by_its_package() -> None:
    assert find_service("sample") is SERVICE


@pytest.mark.parametrize("package", ["missing", "json", "sample.modules"])
def test_package_that_is_no_service_is_refused(package: str) -> None:
    with pytest.raises(ValueError, match=f"^{package} is no service: its main.py must define"):
        find_service(package)


def test_main_without_a_service_is_refused(tmp_path: Path) -> None:
    (copy_sample(tmp_path, "without") / "main.py").write_text("SERVICE = None", encoding="utf-8")

    with importable(tmp_path, "without"), pytest.raises(ValueError, match="must define SERVICE"):
        find_service("without")


def test_missing_library_of_a_service_is_named(tmp_path: Path) -> None:
    (copy_sample(tmp_path, "broken") / "main.py").write_text("import missing", encoding="utf-8")

    with (
        importable(tmp_path, "broken"),
        pytest.raises(ModuleNotFoundError, match="No module named 'missing'"),
    ):
        find_service("broken")

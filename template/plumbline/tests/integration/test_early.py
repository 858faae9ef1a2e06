"""What pytest does before a service is imported, and without one: in processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
import pytest
from sample.main import SERVICE

pytest_plugins = ["plumbline.testing"]


@pytest.fixture(scope="session")
def plumbline_service():
    return SERVICE
"""
WITHOUT_SERVICE = 'pytest_plugins = ["plumbline.testing"]'
PROJECT = """
[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = ["-pno:cacheprovider", "-pno:schemathesis", "-pno:hypothesispytest"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "session"
asyncio_default_test_loop_scope = "session"
"""
TEST = """
def test_it(plumbline_service):
    assert plumbline_service.package == "sample"
"""


def plant(service: Path, conftest: str = CONFTEST, test: str = TEST) -> None:
    """Write a project with one test."""
    (service / "tests" / "unit").mkdir(parents=True)
    (service / "conftest.py").write_text(conftest, encoding="utf-8")
    (service / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (service / "tests" / "unit" / "test_it.py").write_text(test, encoding="utf-8")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run pytest in a folder; return its exit status, and its output in one line."""
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["services"],
        ["services/orders/tests/unit/test_it.py::test_it", "services/stock", "-q"],
    ],
    ids=" ".join,
)
def test_several_services_in_one_process_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    for name in ("orders", "stock"):
        plant(tmp_path / "services" / name)

    status, output = run(tmp_path, *arguments)

    assert status == pytest.ExitCode.USAGE_ERROR
    assert "Several services (orders, stock) need a process each: name one folder" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("folder", "arguments"),
    [
        (".", ["services/orders"]),
        ("services/orders/tests", ["unit/test_it.py::test_it"]),
    ],
)
def test_one_service_can_be_tested_from_any_folder(
    tmp_path: Path, folder: str, arguments: list[str]
) -> None:
    for name in ("orders", "stock"):
        plant(tmp_path / "services" / name)

    status, output = run(tmp_path / folder, *arguments)

    assert (status, "1 passed" in output) == (pytest.ExitCode.OK, True), output


def test_missing_fixture_plumbline_service_is_explained(tmp_path: Path) -> None:
    plant(tmp_path, WITHOUT_SERVICE)

    status, output = run(tmp_path)

    assert status == pytest.ExitCode.TESTS_FAILED
    assert "conftest.py must define the session fixture plumbline_service, which returns" in output
    assert "Traceback" not in output


def test_import_that_never_ends_fails_with_the_line_where_it_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, f"import threading\nthreading.Event().wait()\n{CONFTEST}")
    monkeypatch.setenv("PYTEST_TIMEOUT", "1")  # however slow: it ends in this line or before

    status, output = run(tmp_path)

    assert status != pytest.ExitCode.OK
    assert "an import did not end within the time limit" in output


def test_early_plugin_imports_nothing_of_the_platform() -> None:
    program = (
        "import sys, plumbline.testing.early;"
        " print(sorted(name for name in sys.modules if name.startswith('plumbline')))"
    )

    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    expected = ["plumbline", "plumbline.testing", "plumbline.testing.early"]
    assert done.stdout.strip() == str(expected)


def test_one_file_alone_blocks_the_loop_with_no_late_import(tmp_path: Path) -> None:
    plant(tmp_path, test="async def test_it(client):\n    await client.get('/health/live')\n")

    status, printed = run(tmp_path, "-q", "tests/unit/test_it.py")

    assert status == 0, printed

"""In a rendered service, a test that misbehaves fails itself, harms no other, and hangs no run.

The time limit of a test is cut to eight seconds for these runs, that before collection to ten:
still long for a loaded machine.
"""

import re
import shutil
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .conftest import Run, beside_the_platform, own_platform

PLANTED = Path(__file__).with_name("planted") / "test_culprits.py"
INTEGRATION = Path("tests", "integration")
SHORT = ("-o", "timeout=8", "-p", "no:cacheprovider")
WAYS = [
    ("--randomly-seed=1",),
    ("--randomly-seed=2",),
    ("--randomly-seed=3", "-n2"),
]
FOR_EVER = "import time\n\nwhile True:\n    time.sleep(0.01)\n"


def outcomes(report: Path) -> dict[str, bool]:
    """Whether each test has passed, its setup and teardown included."""
    cases = ET.parse(report).iter("testcase")
    return {
        str(case.get("name")): case.find("failure") is None and case.find("error") is None
        for case in cases
    }


@pytest.fixture(scope="module")
def runs(
    rendered: Path,
    inside: Run,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, ...], dict[str, bool]]:
    """What became of culprits and victims, in several orders; runs side by side, as they wait."""
    folder = tmp_path_factory.mktemp("planted")
    service = shutil.copytree(rendered, beside_the_platform(folder))
    shutil.copyfile(PLANTED, service / INTEGRATION / PLANTED.name)

    def run(way: tuple[str, ...]) -> dict[str, bool]:
        report = folder / f"{''.join(way)}.xml"
        where = INTEGRATION / PLANTED.name
        inside(service, "pytest", "-q", *SHORT, *way, f"--junit-xml={report}", where)
        return outcomes(report)

    with ThreadPoolExecutor(len(WAYS)) as pool:
        return dict(zip(WAYS, pool.map(run, WAYS), strict=True))


@pytest.mark.parametrize("way", WAYS, ids="".join)
def test_culprits_fail_and_no_other_test_does(
    runs: dict[tuple[str, ...], dict[str, bool]],
    way: tuple[str, ...],
) -> None:
    planted = set(re.findall(r"def (test_culprit_\w+)", PLANTED.read_text(encoding="utf-8")))

    found = runs[way]

    assert len(found) == len(planted) + 18
    assert {name for name, passed in found.items() if not passed} == planted


def test_a_hanging_test_is_named_and_shows_the_stacks_of_all_threads(
    service: Path,
    inside: Run,
) -> None:
    (service / INTEGRATION / "test_hangs.py").write_text(
        "import threading\n\n\n"
        "def wait_on_the_side() -> None:\n"
        "    threading.Event().wait()\n\n\n"
        "def test_that_hangs() -> None:\n"
        "    threading.Thread(target=wait_on_the_side, daemon=True).start()\n"
        "    threading.Event().wait()\n"
    )

    hung = inside(service, "pytest", "-q", *SHORT, INTEGRATION / "test_hangs.py")

    assert hung.returncode == 1
    assert "Timeout (>8.0s)" in hung.stdout
    assert "FAILED tests/integration/test_hangs.py::test_that_hangs" in hung.stdout
    assert re.search(r"Stack of Thread-\d+ \(wait_on_the_side\)", hung.stdout)
    assert "test_hangs.py:10:" in hung.stdout


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["one process", "two workers"])
def test_an_import_of_tests_that_hangs_is_named(
    service: Path,
    inside: Run,
    workers: list[str],
) -> None:
    (service / INTEGRATION / "test_hangs.py").write_text(FOR_EVER)
    where = [INTEGRATION / "test_hangs.py", INTEGRATION / "test_orders_flow.py"]

    hung = inside(service, "pytest", "-q", *SHORT, *workers, *where)

    assert hung.returncode in {1, 2}
    assert "test_hangs.py:4: in <module>" in hung.stdout
    assert "ERROR tests/integration/test_hangs.py" in hung.stdout
    assert "an import did not end within the time limit" in hung.stdout


def test_an_import_of_the_service_that_hangs_is_named(service: Path, inside: Run) -> None:
    (service / "src" / "orders" / "settings.py").write_text(FOR_EVER)

    hung = inside(service, "pytest", "-q", PYTEST_TIMEOUT="10")

    assert hung.returncode != 0
    assert "src/orders/settings.py:4: in <module>" in hung.stderr
    assert "an import did not end within the time limit" in hung.stderr


def test_an_import_of_the_platform_that_hangs_is_named(service: Path, inside: Run) -> None:
    (own_platform(service) / "pagination.py").write_text(FOR_EVER)

    hung = inside(service, "pytest", "-q", *SHORT, PYTEST_TIMEOUT="10")

    assert hung.returncode != 0
    assert "src/plumbline/pagination.py" in hung.stdout + hung.stderr
    assert "an import did not end within the time limit" in hung.stdout + hung.stderr


def test_a_run_on_several_cores_may_take_longer_than_an_import(
    service: Path,
    inside: Run,
) -> None:
    (service / INTEGRATION / "test_slow.py").write_text(
        "import time\n\nimport pytest\n\n\n"
        '@pytest.mark.parametrize("number", range(4))\n'
        "def test_slow(number: int) -> None:\n"
        "    time.sleep(6)\n"
    )
    where = INTEGRATION / "test_slow.py"

    slow = inside(service, "pytest", "-q", "-n2", where, PYTEST_TIMEOUT="10")

    assert (slow.returncode, slow.stderr) == (0, "")


def test_a_blocking_call_in_async_code_is_an_error(service: Path, inside: Run) -> None:
    source = service / "src/orders/modules/orders/service.py"
    text = source.read_text(encoding="utf-8")
    call = "        row = Order(**new.model_dump())\n"
    assert text.count(call) == 1
    text = text.replace(call, f"        time.sleep(0.001)\n{call}")
    source.write_text(text.replace("from uuid", "import time\nfrom uuid", 1))

    blocked = inside(service, "pytest", "-q", "-k", "test_create_answers_with_the_row")

    assert blocked.returncode == 1
    assert "BlockingError: Blocking call to time.sleep" in blocked.stdout

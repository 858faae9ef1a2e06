"""Defects that only a careful suite notices: blocking, hangs, and tests in the wrong place."""

from .planting import ROUTER, Copy, caught_by

MODULE = "src/*/modules/*"
PLANTED = f"{MODULE}/test_planted.py"
TESTS_OF_ROUTER = f"{MODULE}/test_router.py"
TESTS_OF_SERVICE = "tests/integration/test_service.py"
HANDLER = r'^async def \w+\((?:.*\n)*?.*\).*:\n    """(?:.*\n)*?.*"""\n'
SHORT = ("-o", "timeout=2")


@caught_by("integration", TESTS_OF_ROUTER, says=r"BlockingError: .*")
def a_blocking_call_in_a_handler(copy: Copy) -> None:
    """While one request sleeps, all wait."""
    copy.change(ROUTER, HANDLER, r"\g<0>    import time\n\n    time.sleep(0.001)\n")


@caught_by("integration", TESTS_OF_ROUTER, says=r"left behind: task [\w-]+")
def a_leaked_task(copy: Copy) -> None:
    """It goes on when its request is over, and its failure is seen by no one."""
    leak = "import asyncio\n\n    router.kept = asyncio.create_task(asyncio.sleep(60))"
    copy.change(ROUTER, HANDLER, rf"\g<0>    {leak}\n")


@caught_by("unit", PLANTED, says=r"test_it_hangs - .*Timeout \(.*?\)", options=SHORT)
def a_test_that_hangs(copy: Copy) -> None:
    """It must name itself within the time limit."""
    test = "import asyncio\n\n\nasync def test_it_hangs():\n    await asyncio.Event().wait()\n"
    copy.add(MODULE, "test_planted.py", test)


@caught_by("unit", PLANTED, says=r"test_planted\.py - .*ImportTimeoutError", options=SHORT)
def a_test_file_that_hangs_when_imported(copy: Copy) -> None:
    """No test has begun yet, so no time limit of a test can see it."""
    copy.add(MODULE, "test_planted.py", "import time\n\ntime.sleep(60)\n")


@caught_by(
    "unit",
    f"{MODULE}/test_service.py",
    says=r'app\.py", line \d+ in <module>(?=(?:.*\n)*.*ImportTimeoutError)',
    env={"PYTEST_TIMEOUT": "8"},
)
def a_service_that_hangs_when_imported(copy: Copy) -> None:
    """Pytest has not even begun to look for tests."""
    copy.append("src/*/app.py", "import time\n\ntime.sleep(60)\n")


@caught_by("integration", TESTS_OF_SERVICE)
def settings_that_are_read_at_import(copy: Copy) -> None:
    """No test can then use others."""
    copy.append("src/*/app.py", "SETTINGS = Settings()\n")


@caught_by("integration", TESTS_OF_SERVICE)
def a_setting_that_no_readme_describes(copy: Copy) -> None:
    """No operator would find it."""
    copy.change("src/*/settings.py", r"^    database_url: ", r"    planted: int = 1\n\n\g<0>")


@caught_by("unit", "tests/test_planted.py", says=r"would run in no gate.*")
def a_test_that_no_gate_would_run(copy: Copy) -> None:
    """It would look green for ever."""
    place = copy.root / "tests" / "test_planted.py"
    place.write_text("def test_it():\n    assert False\n", "utf-8")

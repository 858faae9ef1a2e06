"""Defects that only a load shows, on the service in a process of its own."""

from .planting import ROUTER, Copy, caught_by

UNDER_LOAD = "tests/concurrency/test_*_under_load.py"
CREATING = r'^async def create_\w+\((?:.*\n)*?.*\).*:\n    """(?:.*\n)*?.*"""\n'


def failed(subtest: str) -> str:
    """What pytest says of it."""
    return rf"^SUBFAILED\[({subtest})\]"


@caught_by("concurrency", UNDER_LOAD, says=failed("its memory is flat"))
def a_leak_of_memory(copy: Copy) -> None:
    """Every request leaves something behind, until the machine is full."""
    leak = 'router.__dict__.setdefault("kept", []).append(b"x" * 2**20)'
    copy.change(ROUTER, CREATING, rf"\g<0>    {leak}\n")


@caught_by("concurrency", UNDER_LOAD, says=failed("its open files are flat"))
def a_leak_of_open_files(copy: Copy) -> None:
    """The same, until the process may open no more."""
    leak = 'router.__dict__.setdefault("kept", []).append(open(__file__))'
    copy.change(ROUTER, CREATING, rf"\g<0>    {leak}\n")


@caught_by("concurrency", UNDER_LOAD, says=failed("all clients get on"))
def a_client_that_is_starved(copy: Copy) -> None:
    """All others are served well, so no average shows it."""
    starve = (
        "import asyncio\n\n"
        '    first = router.__dict__.setdefault("first", request.client.port)\n'
        "    await asyncio.sleep(0.5 * (request.client.port == first))"
    )
    copy.change(ROUTER, rf"{CREATING}(?=.*\n.*request\.)", rf"\g<0>    {starve}\n")


@caught_by("concurrency", UNDER_LOAD, options=("-k", "killed"))
def an_answer_before_its_commit(copy: Copy) -> None:
    """What is acknowledged in the last moment before a kill is lost."""
    copy.change("src/*/dependencies.py", r'\(_write, scope="function"\)', "(_write)")

"""Defects that only a load shows, on the service in a process of its own."""

from .planting import ROUTER, Copy, caught_by

TESTS = "tests/concurrency/test_*.py"
UNDER_LOAD = "under_load"
CREATING = r'^async def create_\w+\((?:.*\n)*?.*\).*:\n    """(?:.*\n)*?.*"""\n'
STARVING = """import asyncio

from fastapi import APIRouter, Depends
from fastapi import Request as AnyRequest

served = []


async def starve(request: AnyRequest):
    first = served[0] if served else request.client.port
    if request.client.port != first or len(served) < 50:  # not all are at work yet
        served.append(request.client.port)
        return
    idle, until = 0, len(served) + 100
    while len(served) < until and idle < 100:
        before = len(served)
        await asyncio.sleep(0.01)
        idle = idle + 1 if len(served) == before else 0  # at the end of the load, all others stop


class StarvingRouter(APIRouter):
    def __init__(self, **options):
        super().__init__(**options)
        self.dependencies.append(Depends(starve))


router = StarvingRouter("""
LATE_SESSION = """from typing import Annotated

from fastapi import Depends
from plumbline.http import CurrentDatabase
from sqlalchemy.ext.asyncio import AsyncSession


async def late(database: CurrentDatabase):
    async with database.write() as session:
        yield session


LateSession = Annotated[AsyncSession, Depends(late)]

"""


def failed(subtest: str) -> str:
    """Return what pytest prints of it."""
    return rf"^SUBFAILED\[({subtest})\]"


@caught_by("concurrency", TESTS, keyword=UNDER_LOAD, says=failed("its memory is flat"))
def a_memory_leak(copy: Copy) -> None:
    """Every request leaves something behind, until the machine is full."""
    leak = 'router.__dict__.setdefault("kept", []).append(b"x" * 2**20)'
    copy.change(ROUTER, CREATING, rf"\g<0>    {leak}\n")


@caught_by("concurrency", TESTS, keyword=UNDER_LOAD, says=failed("its open files are flat"))
def a_leak_of_open_files(copy: Copy) -> None:
    """The same, until the process may open no more."""
    leak = 'router.__dict__.setdefault("kept", []).append(open(__file__))'
    copy.change(ROUTER, CREATING, rf"\g<0>    {leak}\n")


@caught_by("concurrency", TESTS, keyword=UNDER_LOAD, says=failed("all clients get on"))
def a_client_that_is_starved(copy: Copy) -> None:
    """Each of its requests waits for a hundred of the others; no average shows it."""
    copy.change(ROUTER, r"^router = APIRouter\(", STARVING.strip())


@caught_by("concurrency", TESTS, keyword=UNDER_LOAD)
def an_answer_before_its_commit(copy: Copy) -> None:
    """What is acknowledged just before a kill is lost."""
    copy.change(ROUTER, r"(async def create_(?:.*\n)*?.*)WriteSession", r"\1LateSession")
    copy.change(ROUTER, r"^router = ", rf"{LATE_SESSION}\g<0>")

"""Every operation answers as the OpenAPI document of the service says, whatever it is asked."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from catalog.app import create_app
from catalog.settings import Settings
from catalog.testing.places import GATES

if TYPE_CHECKING:
    from catalog.testing.contract import Contract


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test for each operation, but where `-m` names other gates alone: that takes time."""
    named = {*metafunc.config.getoption("markexpr").split()}
    if named and "contract" not in named and named <= {*GATES.values(), "or"}:
        return
    paths = create_app(Settings(_env_file=None)).openapi()["paths"]
    operations = [
        pytest.param((method, path), id=operation["operationId"])
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    metafunc.parametrize("operation", operations)


@pytest.fixture
async def contract(
    app: FastAPI,
    operation: tuple[str, str],
    credentials: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> "Contract":
    """What the document says of an operation; of the log, that of the last request is shown."""
    from catalog.testing.contract import Contract  # noqa: PLC0415 - every gate reads this file

    loop = asyncio.get_running_loop()
    return Contract(app, loop, operation, credentials, before_each=capsys.readouterr)


async def test_it_answers_as_its_document_says(
    contract: "Contract", seconds: float, request: pytest.FixtureRequest
) -> None:
    await asyncio.to_thread(contract.check)
    if request.config.getoption("seconds"):
        await asyncio.to_thread(contract.explore, seconds)

    request.node.user_properties.extend(contract.figures())

"""The gate `contract`: every operation answers as the OpenAPI document of the service says.

    from plumbline.testing.contract import *

    pytest_generate_tests = operations_of(SERVICE)

Requests are made up by Schemathesis; the headers of the fixture `credentials` authenticate them.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from .gates import MARKERS
from .plugin import forget_environment
from .sandbox import AnyService

if TYPE_CHECKING:
    from .conformance import Conformance

__all__ = ["conformance", "operations_of", "test_operation_answers_as_documented"]


def operations_of(service: AnyService) -> Callable[[pytest.Metafunc], None]:
    """Return a `pytest_generate_tests` that makes a test for each operation of a service."""

    def generate(metafunc: pytest.Metafunc) -> None:
        # But not where `-m` names other gates alone: building the application takes time.
        named = {*metafunc.config.getoption("markexpr").split()}
        if named and "contract" not in named and named <= {*MARKERS, "or"}:
            return
        forget_environment(service)
        app = service.create_app(service.settings(_env_file=None))
        operations = [
            pytest.param((method, path), id=operation["operationId"])
            for path, methods in app.openapi()["paths"].items()
            for method, operation in methods.items()
        ]
        metafunc.parametrize("operation", operations)

    return generate


@pytest.fixture
async def conformance(
    plumbline_service: AnyService,
    app: FastAPI,
    operation: tuple[str, str],
    credentials: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> "Conformance":
    """The check of an operation; of the log, that of the last request is shown."""
    from .conformance import Conformance  # noqa: PLC0415 - half a second, and every gate reads this

    return Conformance(
        app,
        asyncio.get_running_loop(),
        operation,
        credentials,
        package=plumbline_service.package,
        before_each=capsys.readouterr,
    )


async def test_operation_answers_as_documented(
    conformance: "Conformance", seconds: float | None, request: pytest.FixtureRequest
) -> None:
    await asyncio.to_thread(conformance.check)
    if seconds:
        await asyncio.to_thread(conformance.explore, seconds)

    request.node.user_properties.extend(conformance.figures())

"""Tests of what holds for every service, whatever its modules: settings, modules, OpenAPI.

from plumbline.testing.service_checks import *
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx2
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic_settings import BaseSettings

from ..http.access.dependencies import get_caller
from ..http.dependencies import ReadSession, WriteSession
from ..http.error_format import ErrorFormat
from .client import WithModules
from .gates import project_of
from .sandbox import AnyService

__all__ = [
    "test_caller_is_looked_up_before_a_transaction_opens",
    "test_each_module_alone_serves_its_own_operations_and_no_other",
    "test_every_operation_can_fail_and_describes_how",
    "test_every_operation_has_a_unique_name_and_a_description",
    "test_every_setting_is_in_a_readme",
    "test_importing_main_reads_no_setting_and_opens_no_database",
    "test_without_modules_only_health_is_served",
]


async def operations(client: httpx2.AsyncClient) -> set[tuple[str, str]]:
    """Return each path with each of its methods, without those that belong to no module."""
    paths = (await client.get("/openapi.json")).json()["paths"].items()
    found = {(path, method) for path, methods in paths for method in methods}
    return {(path, method) for path, method in found if not path.startswith("/health/")}


async def statuses(client: httpx2.AsyncClient, found: set[tuple[str, str]]) -> set[int]:
    """Return what paths answer to an unknown method: 405, or 404 where there is no such path."""
    return {(await client.request("PLANTED", path)).status_code for path, _ in found}


async def test_each_module_alone_serves_its_own_operations_and_no_other(
    plumbline_service: AnyService, with_modules: WithModules
) -> None:
    names, alone = plumbline_service.modules.names(), list[tuple[str, str]]()
    async with with_modules(*names) as client:
        everything = await operations(client)
    for name in names:
        async with with_modules(name) as client:
            own = await operations(client)
            assert await statuses(client, everything - own) <= {404}
            text = (await client.get("/openapi.json")).text
            schemas = json.loads(text)["components"]["schemas"]
            assert [each for each in schemas if f'/schemas/{each}"' not in text] == []
        alone += own

    assert sorted(alone) == sorted(everything)


async def test_without_modules_only_health_is_served(
    plumbline_service: AnyService, with_modules: WithModules
) -> None:
    async with with_modules(*plumbline_service.modules.names()) as client:
        everything = {each for each in await operations(client) if "{" not in each[0]}
        assert await statuses(client, everything) <= {405}

    async with with_modules() as client:
        assert await operations(client) == set()
        assert await statuses(client, everything) <= {404}
        assert (await client.get("/health/ready")).is_success


def described(app: FastAPI) -> Iterator[dict[str, Any]]:
    for methods in app.openapi()["paths"].values():
        yield from methods.values()


async def test_every_operation_has_a_unique_name_and_a_description(app: FastAPI) -> None:
    names = [operation["operationId"] for operation in described(app)]

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert all(operation["description"] for operation in described(app))


async def test_every_operation_can_fail_and_describes_how(app: FastAPI) -> None:
    form: ErrorFormat = app.state.error_format
    schema = {"$ref": f"#/components/schemas/{form.model.__name__}"}

    for operation in described(app):
        errors = {code: each for code, each in operation["responses"].items() if code >= "400"}
        assert "500" in errors, operation["operationId"]
        for each in errors.values():
            assert each["content"] == {form.media_type: {"schema": schema}}


def in_order(dependant: Dependant) -> Iterator[object]:
    """Yield what FastAPI calls before an endpoint, in this order."""
    for each in dependant.dependencies:
        yield from in_order(each)
        yield each.call


def endpoints(app: FastAPI) -> Iterator[tuple[str, Dependant]]:
    """Yield the path of each endpoint, those of included routers too, and what it depends on."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if isinstance(dependant, Dependant):
            yield str(route.path), dependant


def asks_within_a_transaction(dependant: Dependant) -> bool:
    """Return whether the caller is looked up while a session of the endpoint is open."""
    calls = [*in_order(dependant)]
    if get_caller not in calls:
        return False
    sessions = {get_args(each)[1].dependency for each in (ReadSession, WriteSession)}
    return bool(sessions & {*calls[: calls.index(get_caller)]})


async def test_caller_is_looked_up_before_a_transaction_opens(app: FastAPI) -> None:
    routes = [*endpoints(app)]
    assert routes

    wrong = [path for path, dependant in routes if asks_within_a_transaction(dependant)]
    assert wrong == [], "put the caller before the session among the endpoint's parameters"


def test_every_setting_is_in_a_readme(plumbline_service: AnyService) -> None:
    package = plumbline_service.migrations.folder.parent
    pages = [project_of(package) / "README.md", *package.glob("modules/*/*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    modules = plumbline_service.modules
    kinds: dict[type[BaseSettings], str] = {plumbline_service.settings: ""}
    for own in modules.load_settings():
        kinds[own] = modules.prefix(own.__module__.split(".")[-2])

    for kind, prefix in kinds.items():
        for name in kind.model_fields:
            variable = f"{prefix or plumbline_service.settings.prefix()}{name}".upper()
            assert f"`{variable}`" in text, f"no README describes the setting {variable}"


def test_importing_main_reads_no_setting_and_opens_no_database(
    plumbline_service: AnyService, tmp_path: Path
) -> None:
    prefix = plumbline_service.settings.prefix()
    unusable = {**os.environ, f"{prefix}DATABASE_URL": "nonsense"}
    program = f"import {plumbline_service.package}.main"

    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", program], env=unusable, cwd=tmp_path, check=False
    )

    assert done.returncode == 0

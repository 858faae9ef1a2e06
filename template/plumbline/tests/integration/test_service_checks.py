"""The checks that every service runs find what they are for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from plumbline import Caller
from plumbline.database import Database
from plumbline.http import ReadSession, WriteSession, needs, responses
from plumbline.service import find_service
from plumbline.testing import service_checks
from plumbline.testing.sandbox import AnyService
from plumbline.testing.service_checks import asks_within_a_transaction, endpoints
from sample.app import create_app
from sample.copied import copied_service, copy_sample, importable
from sample.settings import Settings


@pytest.fixture
def app(database: Database) -> FastAPI:
    """An application that a test may spoil."""
    return create_app(Settings(_env_file=None, database_url=database.url), database)


# The order of caller and session


async def wrong(session: WriteSession, caller: Annotated[Caller, needs("x:read")]) -> None:
    """Put the session first."""


async def right(caller: Annotated[Caller, needs("x:read")], session: ReadSession) -> None:
    """Put the caller first."""


async def loaded(session: ReadSession) -> None:
    """Open a session in a dependency."""


async def hidden(
    loaded: Annotated[None, Depends(loaded)], caller: Annotated[Caller, needs("x:read")]
) -> None:
    """Put a dependency with a session first."""


def dependant(route: APIRoute) -> Dependant:
    return route.dependant


def test_caller_that_is_looked_up_within_a_transaction_is_found() -> None:
    assert asks_within_a_transaction(dependant(APIRoute("/", wrong)))
    assert asks_within_a_transaction(dependant(APIRoute("/", hidden)))
    assert not asks_within_a_transaction(dependant(APIRoute("/", right)))
    of_router = APIRoute("/", wrong, dependencies=[needs("x:read")])
    assert not asks_within_a_transaction(dependant(of_router))


def test_endpoints_of_included_routers_are_checked_too(app: FastAPI) -> None:
    inner, outer = APIRouter(), APIRouter(prefix="/outer")
    inner.get("/inner")(right)
    outer.include_router(inner)
    app.include_router(outer)

    found = [path for path, _ in endpoints(app)]

    assert {"/health/live", "/api/v1/notes", "/outer/inner"} <= {*found}


@pytest.mark.parametrize("included", [False, True])
async def test_endpoint_with_the_session_first_fails_the_check(
    app: FastAPI, *, included: bool
) -> None:
    router = APIRouter() if included else app.router
    router.get("/planted")(wrong)
    if included:
        app.include_router(router)

    with pytest.raises(AssertionError, match="put the caller before the session"):
        await service_checks.test_caller_is_looked_up_before_a_transaction_opens(app)


# The OpenAPI document


async def test_operation_without_a_description_fails_the_check(app: FastAPI) -> None:
    @app.get("/planted", responses=responses(500))
    async def planted() -> None:
        pass

    with pytest.raises((AssertionError, KeyError)):
        await service_checks.test_every_operation_has_a_unique_name_and_a_description(app)


async def test_two_operations_of_one_name_fail_the_check(app: FastAPI) -> None:
    app.get("/planted", responses=responses(500))(right)
    app.get("/planted/again", responses=responses(500))(right)

    with pytest.raises(UserWarning, match="Duplicate Operation ID right"):  # FastAPI's own
        await service_checks.test_every_operation_has_a_unique_name_and_a_description(app)


async def test_operation_that_describes_no_error_fails_the_check(app: FastAPI) -> None:
    app.get("/planted")(right)

    with pytest.raises(AssertionError, match="right"):
        await service_checks.test_every_operation_can_fail_and_describes_how(app)


# Settings


@pytest.fixture
def documented(tmp_path: Path) -> Iterator[tuple[AnyService, Path]]:
    """A service in a project of its own, and its README, which has every setting."""
    with copied_service(tmp_path, "documented") as service:
        readme = tmp_path / "README.md"
        prefixes = {service.settings: "DOCUMENTED_"}
        prefixes |= dict.fromkeys(service.modules.load_settings(), "DOCUMENTED_ACCESS_")
        rows = [
            f"| `{prefix}{name.upper()}` | |"
            for kind, prefix in prefixes.items()
            for name in kind.model_fields
        ]
        readme.write_text("\n".join(rows), encoding="utf-8")
        (tmp_path / "pyproject.toml").touch()
        yield service, readme


@pytest.mark.parametrize("missing", ["DOCUMENTED_PORT", "DOCUMENTED_ACCESS_IDENTITY_URL"])
def test_setting_that_no_readme_describes_fails_the_check(
    documented: tuple[AnyService, Path], missing: str
) -> None:
    service, readme = documented
    service_checks.test_every_setting_is_in_a_readme(service)
    text = readme.read_text(encoding="utf-8")

    readme.write_text(text.replace(f"`{missing}`", "`…`"), encoding="utf-8")

    with pytest.raises(AssertionError, match=f"describes the setting {missing}\n"):
        service_checks.test_every_setting_is_in_a_readme(service)


def test_readme_of_a_module_may_describe_its_settings(
    documented: tuple[AnyService, Path],
) -> None:
    service, readme = documented
    rows = readme.read_text(encoding="utf-8").splitlines()
    of_module = [row for row in rows if "_ACCESS_" in row]
    readme.write_text("\n".join({*rows} - {*of_module}), encoding="utf-8")
    place = service.migrations.folder.with_name("modules") / "access" / "README.md"

    place.write_text("\n".join(of_module), encoding="utf-8")

    service_checks.test_every_setting_is_in_a_readme(service)


def test_main_that_reads_settings_when_imported_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = copy_sample(tmp_path, "eager") / "main.py"
    main.write_text(f"{main.read_text(encoding='utf-8')}\nSettings()", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with importable(tmp_path, "eager"):
        eager = find_service("eager")

        with pytest.raises(AssertionError):
            service_checks.test_importing_main_reads_no_setting_and_opens_no_database(
                eager, tmp_path
            )

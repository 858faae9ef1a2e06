"""Defects of a service's imports, which show without a failing test."""

from .planting import REPOSITORY, ROUTER, SERVICE, Copy, caught_by

ONLY_FOR_TESTS = r"What is made for tests is imported by tests only BROKEN"


@caught_by("boundaries", says=r"A router calls its service, and nothing behind it BROKEN")
def a_router_that_bypasses_the_service(copy: Copy) -> None:
    """The rules of the service then hold for some requests only."""
    copy.append(ROUTER, "from . import repository\n")


@caught_by("boundaries", says=r"The domain knows no HTTP BROKEN")
def a_service_that_imports_fastapi(copy: Copy) -> None:
    """It could no longer be used without HTTP."""
    copy.append(SERVICE, "from fastapi import HTTPException\n")


@caught_by("boundaries", says=r"The domain knows no HTTP BROKEN")
def a_service_that_imports_http_of_the_platform(copy: Copy) -> None:
    """The same, in another package."""
    copy.append(SERVICE, "from plumbline.http import etag\n")


@caught_by("boundaries", says=r"The domain knows no HTTP BROKEN")
def a_schema_that_imports_fastapi(copy: Copy) -> None:
    """Commands and events are made of schemas, too."""
    copy.append("{service}/modules/*/schemas.py", "from fastapi import Query\n")


@caught_by("boundaries", says=r"no layer below opens another one BROKEN")
def a_service_that_opens_its_own_transaction(copy: Copy) -> None:
    """It would wait for the one that its endpoint holds."""
    copy.append(SERVICE, "from plumbline.database import Database\n")


@caught_by("boundaries", says=r"Of the platform, only public names are used BROKEN")
def a_service_that_imports_a_private_module_of_the_platform(copy: Copy) -> None:
    """The next update of the platform may break it."""
    copy.append(ROUTER, "from plumbline.http.problems import STATUSES\n")


@caught_by("boundaries", says=r"Arrows inside a module only point down BROKEN")
def a_repository_that_imports_its_service(copy: Copy) -> None:
    """A circle: neither can be understood alone."""
    copy.append(REPOSITORY, "def planted():\n    from . import service\n")


@caught_by("boundaries", says=r"Only main imports the composition root BROKEN")
def an_application_that_is_imported(copy: Copy) -> None:
    """It could no longer import the importer."""
    copy.append("src/*/settings.py", "def planted():\n    from .app import create_app\n")


@caught_by("boundaries", says=ONLY_FOR_TESTS)
def a_service_that_needs_its_tests(copy: Copy) -> None:
    """It would start everywhere but in production."""
    copy.append(SERVICE, "from plumbline import testing\n")


@caught_by("boundaries", says=ONLY_FOR_TESTS)
def a_service_that_needs_a_factory(copy: Copy) -> None:
    """The same: factories do not ship."""
    path, _ = copy.find("src/*/modules/*/factories.py", r"\A")
    copy.append(f"src/*/modules/{path.parent.name}/service.py", "from . import factories\n")


@caught_by("boundaries", says=ONLY_FOR_TESTS)
def a_test_that_needs_another(copy: Copy) -> None:
    """What two tests share belongs into conftest.py."""
    copy.add("src/*/modules/*", "test_planted.py", "PLANTED = 1\n")
    copy.add("src/*/modules/*", "test_planted_too.py", "from .test_planted import PLANTED\n")

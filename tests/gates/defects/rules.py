"""Defects that show without a failing test: layers, style, types, and code that nothing tests."""

from .planting import REPOSITORY, ROUTER, SERVICE, Copy, caught_by


@caught_by("boundaries", says=r"A router asks its service.* BROKEN")
def a_router_that_bypasses_the_service(copy: Copy) -> None:
    """The rules of the service then hold on some ways only."""
    copy.append(ROUTER, "from . import repository\n")


@caught_by("boundaries", says=r"The domain knows no HTTP BROKEN")
def a_service_that_imports_fastapi(copy: Copy) -> None:
    """It could no longer be used without HTTP."""
    copy.append(SERVICE, "from fastapi import HTTPException\n")


@caught_by("boundaries", says=r"nobody below opens another one BROKEN")
def a_service_that_opens_its_own_transaction(copy: Copy) -> None:
    """It would wait for the one that its endpoint holds."""
    copy.append(SERVICE, "from ...database import Database\n")


@caught_by("boundaries", says=r"Arrows inside a module only point down BROKEN")
def a_repository_that_imports_its_service(copy: Copy) -> None:
    """A circle: neither can be understood alone."""
    copy.append(REPOSITORY, "def planted():\n    from . import service\n")


@caught_by("boundaries", says=r"The domain knows no HTTP BROKEN")
def a_schema_that_imports_fastapi(copy: Copy) -> None:
    """Commands and events are made of schemas, too."""
    copy.append("src/*/modules/*/schemas.py", "from fastapi import Query\n")


@caught_by("boundaries", says=r"Nobody imports the application but .* BROKEN")
def an_application_that_is_imported(copy: Copy) -> None:
    """Whoever does can no longer be imported by it."""
    copy.append("src/*/health.py", "def planted():\n    from .app import create_app\n")


@caught_by("boundaries", says=r"What is made for tests .* BROKEN")
def a_service_that_needs_its_tests(copy: Copy) -> None:
    """It would start everywhere but in production."""
    copy.append(SERVICE, "from ... import testing\n")


@caught_by("boundaries", says=r"What is made for tests .* BROKEN")
def a_service_that_needs_a_factory(copy: Copy) -> None:
    """The same: factories do not ship."""
    path, _ = copy.find("src/*/modules/*/factories.py", r"\A")
    copy.append(f"src/*/modules/{path.parent.name}/service.py", "from . import factories\n")


@caught_by("boundaries", says=r"What is made for tests .* BROKEN")
def a_test_that_needs_another(copy: Copy) -> None:
    """What two tests share belongs into conftest.py."""
    copy.add("src/*/modules/*", "test_planted.py", "PLANTED = 1\n")
    copy.add("src/*/modules/*", "test_planted_too.py", "from .test_planted import PLANTED\n")


@caught_by("lint", says=r"F401.*")
def an_unused_import(copy: Copy) -> None:
    """For `ruff check`."""
    copy.append(SERVICE, "import decimal\n")


@caught_by("lint", says=r"\d+ files? would be reformatted")
def unformatted_code(copy: Copy) -> None:
    """For `ruff format`."""
    copy.append(SERVICE, "\n\n\n")


@caught_by("types", says=r"error: .*")
def a_type_error(copy: Copy) -> None:
    """A value that is not what its name promises."""
    copy.append(ROUTER, 'PLANTED: int = "one"\n')


@caught_by("coverage", says=r"Not tested enough: .*\brepository\b.*")
def an_untested_repository(copy: Copy) -> None:
    """Half of its lines are run by no test."""
    _append_as_many_untested_lines(copy, REPOSITORY)


@caught_by("coverage", says=r"Not tested enough: .*\bservice\b.*")
def an_untested_service(copy: Copy) -> None:
    """The same where the rules are."""
    _append_as_many_untested_lines(copy, SERVICE)


@caught_by("coverage", says=r"Not tested enough: .*\brouter\b.*")
def an_untested_router(copy: Copy) -> None:
    """The same where clients come in."""
    _append_as_many_untested_lines(copy, ROUTER)


def _append_as_many_untested_lines(copy: Copy, layer: str) -> None:
    lines = sum(len(path.read_bytes().splitlines()) for path in copy.root.glob(layer))
    copy.append(layer, "def planted(number):\n" + "    number += 1\n" * lines)

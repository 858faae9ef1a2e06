"""Defects that show without a failing test: style, types, and code that no test runs."""

from .planting import REPOSITORY, ROUTER, SERVICE, Copy, caught_by

ENOUGH = ("src/*/modules/*/test_*.py", "tests/integration/test_*.py")  # for all thresholds


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


@caught_by("coverage", *ENOUGH, says=r"Not tested enough: .*\brepository\b.*")
def an_untested_repository(copy: Copy) -> None:
    """Half of its lines are run by no test."""
    _append_as_many_untested_lines(copy, REPOSITORY)


@caught_by("coverage", *ENOUGH, says=r"Not tested enough: .*\bservice\b.*")
def an_untested_service(copy: Copy) -> None:
    """The same for the rules."""
    _append_as_many_untested_lines(copy, SERVICE)


@caught_by("coverage", *ENOUGH, says=r"Not tested enough: .*\brouter\b.*")
def an_untested_router(copy: Copy) -> None:
    """The same for the URLs."""
    _append_as_many_untested_lines(copy, ROUTER)


def _append_as_many_untested_lines(copy: Copy, layer: str) -> None:
    lines = sum(len(path.read_bytes().splitlines()) for path in copy.glob(layer))
    copy.append(layer, "def planted(number):\n" + "    number += 1\n" * lines)

"""Defects of the platform's code that show without a failing test: imports, style, types."""

from .planting import Copy, caught_by

DATABASE = "src/plumbline/database/database.py"
LAYERS = r"Arrows point down, and every module is in a layer BROKEN"


@caught_by("boundaries", says=r"What services and repositories import knows no HTTP BROKEN")
def a_database_module_that_imports_fastapi(copy: Copy) -> None:
    """Programs without HTTP could no longer use it."""
    copy.append("src/plumbline/database/orm.py", "from fastapi import Request\n")


@caught_by("boundaries", says=r"No modules import each other in a circle BROKEN")
def an_import_cycle_in_the_platform(copy: Copy) -> None:
    """Neither of the modules can be understood, or imported, alone."""
    copy.append("src/plumbline/settings.py", "def planted():\n    from .modules import Modules\n")


@caught_by("boundaries", says=LAYERS)
def a_lower_layer_that_imports_an_upper_one(copy: Copy) -> None:
    """The errors of the domain would depend on what is above them."""
    copy.append("src/plumbline/errors.py", "def planted():\n    from . import caller\n")


@caught_by("boundaries", says=LAYERS)
def a_module_in_no_layer(copy: Copy) -> None:
    """No contract would look after its imports."""
    copy.add("src/plumbline", "planted.py", "PLANTED = 1\n")


@caught_by("boundaries", says=r"Inside the database, arrows point down, too BROKEN")
def a_driver_that_imports_the_database(copy: Copy) -> None:
    """The driver is optional, and could no longer be left out."""
    driver = "src/plumbline/database/sqlite_driver.py"
    copy.append(driver, "def planted():\n    from . import database\n")


@caught_by("boundaries", says=r"What is made or installed for tests .* BROKEN")
def a_platform_that_needs_its_tests(copy: Copy) -> None:
    """It would start everywhere but in production."""
    copy.append("src/plumbline/server.py", "def planted():\n    from . import testing\n")


@caught_by("lint", says=r"F401.*")
def an_unused_import_of_the_platform(copy: Copy) -> None:
    """For `ruff check`."""
    copy.append(DATABASE, "import decimal\n")


@caught_by("types", says=r"error: .*")
def a_type_error_of_the_platform(copy: Copy) -> None:
    """A value that is not what its name promises."""
    copy.append(DATABASE, 'PLANTED: int = "one"\n')

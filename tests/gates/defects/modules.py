"""Defects of modules: broken, left out, or tied to each other."""

import shutil

from .planting import Copy, caught_by

MODULES = "src/*/modules/__init__.py"
PLANTED = "src/*/modules/planted/service.py"
TESTS_OF_MODULES = "tests/integration/test_modules.py"


def another_module(copy: Copy) -> str:
    """Plant a second module beside the first; gives the name of the first."""
    path, _ = copy.find("src/*/modules/*/service.py", r"\A")
    shutil.copytree(path.parent, path.parent.with_name("planted"))
    return path.parent.name


@caught_by("boundaries", says=r"Modules know of each other .* BROKEN")
def a_module_that_knows_the_inside_of_another(copy: Copy) -> None:
    """Neither could be changed alone."""
    first = another_module(copy)
    copy.append(PLANTED, f"from ..{first}.service import *\n")


@caught_by("boundaries", says=r"Modules know of each other .* BROKEN")
def a_module_that_knows_it_through_a_third_place(copy: Copy) -> None:
    """The same, hidden in a file that belongs to no module."""
    first = another_module(copy)
    copy.add("src/*", "planted.py", f"from .modules.{first}.service import *\n")
    copy.append(PLANTED, "from ... import planted\n")


@caught_by("boundaries", says=r"Modules do not need each other in a circle BROKEN")
def modules_in_a_circle(copy: Copy) -> None:
    """Each imports only what the other exports, but neither can be left out."""
    first = another_module(copy)
    copy.append(PLANTED, f"from ..{first} import *\n")
    copy.append(f"src/*/modules/{first}/service.py", "from ..planted import *\n")


@caught_by("integration", TESTS_OF_MODULES)
def a_broken_module_that_is_left_out(copy: Copy) -> None:
    """The service starts without it, and nobody is told."""
    copy.change(MODULES, r"raise BrokenModule\(message\) from error", "return None")


@caught_by("integration", TESTS_OF_MODULES)
def a_module_without_init_that_is_left_out(copy: Copy) -> None:
    """The same when its `__init__.py` was forgotten."""
    copy.change(MODULES, r"if any\(folder\.rglob\(.*\)\)", 'if (folder / "__init__.py").is_file()')


@caught_by("integration", TESTS_OF_MODULES)
def modules_that_nobody_chose(copy: Copy) -> None:
    """The setting is read, and all are served."""
    copy.change("src/*/app.py", r"load_modules\(settings\.modules\)", "load_modules(None)")


@caught_by("integration", TESTS_OF_MODULES, "tests/integration/test_start_and_stop.py")
def a_database_that_stays_open(copy: Copy) -> None:
    """Whether the service stops, or a module fails to start."""
    copy.change("src/*/database.py", r"await self\.close\(\)", "pass")

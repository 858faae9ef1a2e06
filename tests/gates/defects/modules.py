"""Defects of a service's modules, which are tied to each other."""

import shutil

from .planting import SERVICE, Copy, caught_by

PLANTED = "src/*/modules/planted/service.py"


def another_module(copy: Copy) -> str:
    """Plant a second module beside the first; return the name of the first."""
    path, _ = copy.find(SERVICE, r"\A")
    shutil.copytree(path.parent, path.parent.with_name("planted"))
    return path.parent.name


@caught_by("boundaries", says=r"Modules import of each other what __init__ exports.* BROKEN")
def a_module_that_imports_the_inside_of_another(copy: Copy) -> None:
    """Neither could be changed alone."""
    first = another_module(copy)
    copy.append(PLANTED, f"from ..{first}.service import *\n")


@caught_by("boundaries", says=r"Modules import of each other what __init__ exports.* BROKEN")
def a_module_that_imports_another_through_a_third_place(copy: Copy) -> None:
    """The same, hidden in a file that belongs to no module."""
    first = another_module(copy)
    copy.add("src/*", "planted.py", f"from .modules.{first}.service import *\n")
    copy.append(PLANTED, "from ... import planted\n")


@caught_by("boundaries", says=r"Modules do not import each other in a circle BROKEN")
def modules_in_a_circle(copy: Copy) -> None:
    """Each imports only what the other exports, but neither can be left out."""
    first = another_module(copy)
    copy.append(PLANTED, f"from ..{first} import *\n")
    copy.append(f"src/*/modules/{first}/service.py", "from ..planted import *\n")

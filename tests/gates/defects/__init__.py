"""The known defects: each a function that plants it, named after it, with the gate above it."""

from types import ModuleType
from typing import Final

from . import answers, credentials, database, endurance, modules, rules, schema, suite
from .planting import Defect


def _of(part: ModuleType) -> list[Defect]:
    return [each for each in vars(part).values() if isinstance(each, Defect)]


PARTS: Final = (schema, database, endurance, answers, modules, suite, rules)
OF_ANY_SERVICE: Final = [each for part in PARTS for each in _of(part)]
OF_IDENTITY: Final = _of(credentials)
DEFECTS: Final = [*OF_ANY_SERVICE, *OF_IDENTITY]

"""The known defects: each a function that plants it, named after it, with the gate above it."""

from types import ModuleType
from typing import Final

from . import (
    answers,
    boundaries,
    credentials,
    endurance,
    modules,
    platform_code,
    platform_database,
    platform_http,
    platform_tests,
    rules,
    schema,
    suite,
    transactions,
)
from .planting import Defect


def _of(*parts: ModuleType) -> list[Defect]:
    return [each for part in parts for each in vars(part).values() if isinstance(each, Defect)]


OF_PLATFORM: Final = _of(platform_database, platform_http, platform_tests, platform_code)
OF_ANY_SERVICE: Final = _of(
    schema, transactions, endurance, answers, modules, suite, boundaries, rules
)
OF_IDENTITY: Final = _of(credentials)
OF_SERVICES: Final = [*OF_ANY_SERVICE, *OF_IDENTITY]
DEFECTS: Final = [*OF_PLATFORM, *OF_SERVICES]

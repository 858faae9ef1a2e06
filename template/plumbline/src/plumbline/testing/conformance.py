"""Compares the responses of an application with its OpenAPI document, for made-up requests.

Schemathesis makes the requests and judges the responses. Tests import this while they run: at the
top of a file it would cost every gate half a second.
"""

import asyncio
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from enum import Enum
from time import monotonic
from typing import Any, Final

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Verbosity
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from schemathesis import BaseSchema, GenerationMode
from schemathesis.errors import FailureGroup

from .bridge import served_in
from .duration import BRIEF
from .resources import AnyCase, Resources, boundary_cases

Operation = tuple[str, str]
"""A method in lower case, and the template of a path."""

# Made-up requests to an operation, beside those at the boundaries of its schema.
EXAMPLES: Final = 5 if BRIEF else 40
SEARCH: Final = 5.0  # seconds: from a request that shows a fault to the smallest one


_packages: set[str] = set()  # whose constants are in requests, too


@schemathesis.python.constants
def _code_of_the_modules() -> list[str]:
    """Name the code whose constants, such as a name that it refuses, are in requests, too."""
    names = "|".join(map(re.escape, _packages))
    name = re.compile(rf"(?:{names})\.modules\..+\.(?!test_)\w+")
    return [*filter(name.fullmatch, sys.modules)]


class Target(Enum):
    """What a request addresses."""

    ANYTHING = "most likely something that does not exist"
    EXISTING = "a resource that was created for it"
    CURRENT = "the same, and If-Match names its version"


class Conformance:
    """Checks one operation of an application against its OpenAPI document.

    A difference fails the running test with the request that shows it. Each request has the
    `headers`; `before_each` is called before it. The methods block: they are for a thread, while
    `loop` serves the application.
    """

    def __init__(  # noqa: PLR0913 - all of a test
        self,
        app: FastAPI,
        loop: asyncio.AbstractEventLoop,
        operation: Operation,
        headers: Mapping[str, str],
        *,
        package: str,
        before_each: Callable[[], object],
    ) -> None:
        _packages.add(package)
        self._before_each = before_each
        self._method, self._path = operation
        document = _with_known_security(app.openapi())
        self._schema = _configured(schemathesis.openapi.from_dict(document))
        self._schema.app = served_in(loop, app)
        self._operation = self._schema[self._path][self._method]
        self._headers = dict(headers)
        self._resources = Resources(self._schema, self._path, self._method, headers)
        self._targets = [Target.ANYTHING, *self._more_targets()]
        self._statuses: Counter[int] = Counter()

    def check(self) -> None:
        """Send the same requests each time: those at the boundaries of the schema, and more."""
        for target in self._targets:
            for case in boundary_cases(self._schema, self._path, self._method, *GenerationMode):
                self._judge(case, target)
        self._search(seed=0)

    def explore(self, seconds: float) -> None:
        """Send other requests each time, for so many seconds; `random` decides which."""
        end = monotonic() + seconds
        while monotonic() < end:
            self._search(random.getrandbits(64))

    def figures(self) -> Iterator[tuple[str, int]]:
        """Yield how many requests there were, and how many got each status."""
        yield "requests", self._statuses.total()
        for status, count in sorted(self._statuses.items()):
            yield f"status {status}", count

    def _search(self, seed: int) -> None:
        found_at = 0.0

        @hypothesis.settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),  # they judge how Schemathesis makes requests
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
        )
        @hypothesis.seed(seed)
        @hypothesis.given(
            st.one_of(*map(self._operation.as_strategy, GenerationMode)),
            st.sampled_from(self._targets),
        )
        def judge(case: AnyCase, target: Target) -> None:
            nonlocal found_at
            if found_at and monotonic() > found_at + SEARCH:
                return  # nothing fails any more, which ends the search
            try:
                self._judge(case, target)
            except (Exception, pytest.fail.Exception):
                found_at = found_at or monotonic()
                raise

        try:
            judge()
        except FlakyFailure as error:
            raise error.exceptions[0] from None

    def _judge(self, case: AnyCase, target: Target) -> None:
        for resource in () if target is Target.ANYTHING else self._resources.current():
            case.path_parameters = {**case.path_parameters, **resource.parameters}
            if target is Target.CURRENT:
                case.headers["If-Match"] = resource.etag
        self._before_each()
        try:
            response = case.call_and_validate(headers=self._headers)
        except FailureGroup as group:
            found = group.message
        else:
            self._statuses[int(response.status_code)] += 1
            return
        pytest.fail(f"{self._operation.label}: {found}", pytrace=False)

    def _more_targets(self) -> Iterator[Target]:
        """Yield what else a request to this operation can address."""
        if self._resources.may_exist:
            yield Target.EXISTING
            if any(each.name.lower() == "if-match" for each in self._operation.headers):
                yield Target.CURRENT


def _with_known_security(document: dict[str, Any]) -> dict[str, Any]:
    """Return a copy in which OAuth schemes are bearer tokens: Schemathesis tries no other."""
    document = deepcopy(document)
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        if scheme["type"] in {"oauth2", "openIdConnect"}:
            scheme |= {"type": "http", "scheme": "bearer"}
    return document


def _configured(schema: BaseSchema) -> BaseSchema:
    """Set what is checked; a service adds to that in a `schemathesis.toml` of its own."""
    # Starlette answers for methods without an endpoint, and its Allow names those of one route.
    schema.config.phases.coverage.unexpected_methods = set()
    # Credentials are given, not made up; `ignored_auth` sends each request without them, too.
    schema.config.generation.with_security_parameters = False
    # Which version there is, no schema can say.
    accepted = schema.config.checks.positive_data_acceptance
    accepted.expected_statuses = [*accepted.expected_statuses, "412", "428"]
    # Nor that spaces around a text are cut before its length counts: it takes made-up requests to
    # find that out, those at the boundaries have none.
    schema.config.phases.fuzzing.checks.positive_data_acceptance.enabled = False
    # Pydantic takes "1", and false, for a number, on purpose: what is invalid may well be accepted.
    schema.config.checks.negative_data_rejection.enabled = False
    return schema

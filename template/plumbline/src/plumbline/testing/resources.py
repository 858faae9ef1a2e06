"""Creates the parent resources that an operation's path needs: made-up ids only answer 404.

The operations of the OpenAPI document create them: a POST to `/orders` that answers with a Location
`/orders/7` gives `/orders/{order_id}` its id, and every path that begins so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from schemathesis import BaseSchema, Case, GenerationMode

AnyCase = Case[Any]
"""A request that Schemathesis has made up."""


@dataclass(frozen=True)
class ExistingResource:
    """A resource that exists: the parameters of its path, and its ETag."""

    parameters: dict[str, str]
    etag: str


def boundary_cases(
    schema: BaseSchema, path: str, method: str, *modes: GenerationMode
) -> list[AnyCase]:
    """Return requests to an operation at the boundaries of its schema: always the same."""
    how = schema.config.generation
    return [
        *schema.iter_coverage_cases(
            schema[path][method], generation_modes=[*modes], generation_config=how
        )
    ]


class Resources:
    """Those in the path of one operation, outermost first; all calls block."""

    def __init__(
        self, schema: BaseSchema, path: str, method: str, headers: Mapping[str, str]
    ) -> None:
        self._schema = schema
        self._headers = dict(headers)
        self._creations = {
            item: boundary_cases(schema, start, "post", GenerationMode.POSITIVE)
            for start, item in _beginnings(path)
            if self._has(start, "post") and (start, "post") != (path, method)
        }
        self._created: dict[str, dict[str, str]] = {}

    @property
    def may_exist(self) -> bool:
        """Whether an operation creates one."""
        return bool(self._creations)

    def current(self) -> Iterator[ExistingResource]:
        """Yield each as it is now, created where it does not exist or was deleted."""
        for item in [*self._creations]:
            if (found := self._read(item)) or (found := self._create(item)):
                yield found

    def _has(self, path: str, method: str) -> bool:
        return method in self._schema.raw_schema["paths"].get(path, ())

    def _read(self, item: str) -> ExistingResource | None:
        if (parameters := self._created.get(item)) is None:
            return None
        if not self._has(item, "get"):
            return ExistingResource(parameters, "*")
        read = self._schema[item]["get"].Case(path_parameters=parameters)
        response = read.call(headers=self._headers)
        found = response.status_code == HTTPStatus.OK
        return (
            ExistingResource(parameters, response.headers.get("etag", ["*"])[0]) if found else None
        )

    def _create(self, item: str) -> ExistingResource | None:
        """Send every request that could create one; where none does, do not try again."""
        self._created.pop(item, None)
        for creation in self._creations[item]:
            for parameters in self._created.values():
                creation.path_parameters = {**creation.path_parameters, **parameters}
            response = creation.call(headers=self._headers)
            location = urlsplit(response.headers.get("location", [""])[0]).path
            if found := re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", item), location):
                self._created[item] = found.groupdict()
        if item not in self._created:
            del self._creations[item]
        return self._read(item)


def _beginnings(path: str) -> Iterator[tuple[str, str]]:
    """Yield where a resource may be created, and where it is then: `/a` with `/a/{id}`."""
    parts = [*path.split("/"), "[^/]+"]
    for length in range(2, len(parts)):
        yield "/".join(parts[:length]), "/".join(parts[: length + 1])

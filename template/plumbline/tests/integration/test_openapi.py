"""The OpenAPI document is what clients are generated from: complete, and with good names."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI


def operations(app: FastAPI) -> Iterator[dict[str, Any]]:
    for methods in app.openapi()["paths"].values():
        yield from methods.values()


async def test_every_operation_has_a_name_of_its_own_and_a_sentence(app: FastAPI) -> None:
    names = [operation["operationId"] for operation in operations(app)]

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert all(operation["description"] for operation in operations(app))


async def test_every_operation_can_fail_and_says_how(app: FastAPI) -> None:
    for operation in operations(app):
        errors = {code: each for code, each in operation["responses"].items() if code >= "400"}

        assert "500" in errors, operation["operationId"]
        for each in errors.values():
            assert each["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }


async def test_the_document_is_made_once(app: FastAPI) -> None:
    assert app.openapi() is app.openapi()

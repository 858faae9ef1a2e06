"""The OpenAPI document, from which clients are generated; test_service.py checks its contents."""

from fastapi import FastAPI


async def test_document_is_made_once(app: FastAPI) -> None:
    assert app.openapi() is app.openapi()


async def test_document_has_no_schema_of_fastapis_own_errors(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]

    assert {"Problem", "InvalidField"} <= schemas.keys()
    assert not {"HTTPValidationError", "ValidationError"} & schemas.keys()

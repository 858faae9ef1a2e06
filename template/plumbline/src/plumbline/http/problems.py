"""Maps every error to a response, in one place, and describes them in the OpenAPI document."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, Literal

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from .. import errors
from ..modules import BrokenModule
from .error_format import ErrorFormat, InvalidField, error_response

log = structlog.get_logger()

STATUSES: Final[dict[type[errors.ServiceError], int]] = {
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DependencyUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
FASTAPIS_OWN: Final = ("HTTPValidationError", "ValidationError")  # schemas for 422, not ours


def install_problems(
    app: FastAPI,
    error_format: ErrorFormat,
    statuses: Mapping[type[errors.ServiceError], int],
    auth_scheme: str,
    package: str,
) -> None:
    """Answer every error of `app` in this format, and describe it so in its OpenAPI document.

    `statuses` adds to the platform's own. Raises `BrokenModule` for a domain error of `package`
    that has no status.
    """
    table = STATUSES | {**statuses}
    _require_statuses(errors.ServiceError, table, package)
    app.state.error_format = error_format

    async def domain(request: Request, error: Exception) -> JSONResponse:
        status = next(table[kind] for kind in type(error).__mro__ if kind in table)
        headers = _headers(error, auth_scheme)
        return error_response(request, status, str(error), headers=headers)

    app.add_exception_handler(errors.ServiceError, domain)
    app.add_exception_handler(errors.Unavailable, _unavailable)
    app.add_exception_handler(PoolTimeout, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)

    def openapi() -> dict[str, Any]:  # FastAPI's own type
        if not app.openapi_schema:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            _describe_errors(schema, error_format)
            _describe_scheme(schema, auth_scheme)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _require_statuses(kind: type[Exception], table: Mapping[Any, int], package: str) -> None:
    for each in kind.__subclasses__():
        is_own = f"{each.__module__}.".startswith(f"{package}.")
        if is_own and not any(parent in table for parent in each.__mro__):
            raise BrokenModule(
                f"The error {each.__name__} has no status: derive it from one that has, or add it"
                " to the STATUSES in the problems.py of its module."
            )
        _require_statuses(each, table, package)


def _headers(error: Exception, auth_scheme: str) -> dict[str, str]:
    """Return what RFC 9110 wants beside the status."""
    match error:
        case errors.Unauthenticated():
            return {"WWW-Authenticate": auth_scheme}
        case errors.TooManyAttempts() | errors.DependencyUnavailable():
            return {"Retry-After": str(error.seconds)}
    return {}


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    log.error("database.unavailable", reason=str(error))
    detail = "The service cannot use its database now; try again."
    headers = {"Retry-After": "1"}
    return error_response(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    invalid = [
        InvalidField(location=".".join(map(str, each["loc"])), message=each["msg"])
        for each in error.errors()
    ]
    detail = "The request is not valid."
    return error_response(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, invalid)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return error_response(request, error.status_code, headers=headers)


def _describe_errors(schema: dict[str, Any], error_format: ErrorFormat) -> None:
    """Give every error that has no content of its own the one of the format."""
    key: tuple[type[BaseModel], Literal["serialization"]] = (error_format.model, "serialization")
    refs, definitions = models_json_schema([key], ref_template="#/components/schemas/{model}")
    content = {error_format.media_type: {"schema": refs[key]}}
    for response in _error_responses(schema):
        if "content" not in response or "HTTPValidationError" in str(response["content"]):
            response["content"] = content
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas |= definitions["$defs"]
    schema["components"]["schemas"] = dict(sorted(schemas.items()))


def _error_responses(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in schema["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    yield response


def _describe_scheme(schema: dict[str, Any], auth_scheme: str) -> None:
    found = schema["components"].get("securitySchemes", {}).get("api_key")
    if found:
        found["scheme"] = auth_scheme.lower()

"""Every error answer, in one place: RFC 9457 `application/problem+json`."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException

from . import errors

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[dict[type[errors.ServiceError], HTTPStatus]] = {
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class InvalidField(BaseModel):
    """One thing that is wrong with a request."""

    location: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 describes it; `status` and `title` are those of HTTP."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    errors: list[InvalidField] | None = None


class ProblemResponse(JSONResponse):
    """A `Problem` on its way to the client."""

    media_type = MEDIA_TYPE


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:  # FastAPI's own type
    """For a route's `responses=`: these errors are among its answers."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


def problem(
    request: Request,
    status: int,
    detail: str | None = None,
    invalid: list[InvalidField] | None = None,
    headers: dict[str, str] | None = None,
) -> ProblemResponse:
    """The answer to `request` that says what went wrong, and nothing about the inside."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=invalid,
    )
    return ProblemResponse(body.model_dump(exclude_none=True), status, headers)


async def _domain(request: Request, error: Exception) -> ProblemResponse:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return problem(request, status, str(error))


async def _unavailable(request: Request, error: Exception) -> ProblemResponse:
    log.error("database.unavailable", reason=str(error))
    detail = "The service cannot use its database now; try again."
    return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"})


async def _invalid(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    invalid = [
        InvalidField(location=".".join(map(str, each["loc"])), message=each["msg"])
        for each in error.errors()
    ]
    detail = "The request is not valid."
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, invalid)


async def _http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return problem(request, error.status_code, headers=headers)


def install_problems(app: FastAPI) -> None:
    """Answer every error of `app` with a problem, and describe it so in its OpenAPI document."""
    app.add_exception_handler(errors.ServiceError, _domain)
    app.add_exception_handler(errors.Unavailable, _unavailable)
    app.add_exception_handler(NoConnection, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)

    def openapi() -> dict[str, Any]:  # FastAPI's own type
        if not app.openapi_schema:
            app.openapi_schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            _declare_media_type(app.openapi_schema)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _declare_media_type(schema: dict[str, Any]) -> None:
    for path in schema["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    response["content"] = {MEDIA_TYPE: response["content"]["application/json"]}

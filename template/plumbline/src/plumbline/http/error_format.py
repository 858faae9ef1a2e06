"""How errors look in HTTP: RFC 9457 `application/problem+json`, or a format of the team's."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, get_type_hints

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class InvalidField(BaseModel):
    """One thing that is wrong with a request."""

    location: str
    message: str


@dataclass(frozen=True)
class Failure:
    """What went wrong with a request, before it has a format.

    `detail` is a sentence for the caller, if there is one; `path` is that of the request.
    """

    status: int
    path: str
    detail: str | None = None
    invalid: list[InvalidField] = field(default_factory=list)

    @property
    def title(self) -> str:
        """HTTP's own phrase for the status."""
        return HTTPStatus(self.status).phrase


class Problem(BaseModel):
    """An error, as RFC 9457 describes it; `status` and `title` are those of HTTP."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    errors: list[InvalidField] | None = None


def problem_details(failure: Failure) -> Problem:
    """Render a failure as problem details."""
    return Problem(
        title=failure.title,
        status=failure.status,
        detail=failure.detail,
        instance=failure.path,
        errors=failure.invalid or None,
    )


@dataclass(frozen=True)
class ErrorFormat:
    """A function that makes the body of an error, and its media type.

    The function's return annotation, a Pydantic model, is what the OpenAPI document shows.
    """

    render: Callable[[Failure], BaseModel]
    media_type: str = "application/json"

    @property
    def model(self) -> type[BaseModel]:
        """The model of the body. Raises `TypeError` for a function without one."""
        model = get_type_hints(self.render).get("return")
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            message = f"{self.render.__name__} needs a Pydantic model as its return annotation"
            raise TypeError(message)
        return model


PROBLEM_DETAILS: Final = ErrorFormat(problem_details, "application/problem+json")


def error_response(
    request: Request,
    status: int,
    detail: str | None = None,
    invalid: list[InvalidField] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return the response to `request` in the error format of its application."""
    form: ErrorFormat = request.app.state.error_format
    body = form.render(Failure(status, request.url.path, detail, invalid or []))
    content = body.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status, headers, media_type=form.media_type)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:  # FastAPI's own type
    """Declare that a route may answer with these errors: for `responses=`."""
    return {status: {"description": HTTPStatus(status).phrase} for status in statuses}

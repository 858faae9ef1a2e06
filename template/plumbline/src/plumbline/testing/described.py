"""Checks that the OpenAPI document describes every response that a test gets."""

import re

import httpx2
from fastapi import FastAPI


def require_described(app: FastAPI, response: httpx2.Response) -> None:
    """Fail unless the document has the status and the media type of this response."""
    path, method = response.request.url.path, response.request.method.lower()
    for template, operations in app.openapi()["paths"].items():
        if method in operations and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            described = operations[method]["responses"]
            status = str(response.status_code)
            what = f"{method.upper()} {template} answered {status}"
            assert status in described, f"{what}, which its OpenAPI does not describe"
            if media_types := described[status].get("content"):
                media_type = response.headers["content-type"].partition(";")[0]
                assert media_type in media_types, f"{what} as {media_type}, not {list(media_types)}"
            return  # the document has the order in which the application looks paths up

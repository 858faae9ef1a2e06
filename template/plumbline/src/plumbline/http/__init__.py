"""What routers import: sessions, preconditions, error responses, and authentication.

All names below are public; the modules they come from are not.
"""

from .access.cookie import COOKIE, session_token
from .access.dependencies import get_caller, needs
from .access.identity_client import IdentitySettings
from .access.same_origin import require_same_origin
from .access.verifier import Verifier, verify
from .dependencies import (
    After,
    CurrentDatabase,
    Limit,
    ReadSession,
    WriteSession,
    get_database,
    settings_of,
)
from .error_format import (
    PROBLEM_DETAILS,
    ErrorFormat,
    Failure,
    InvalidField,
    Problem,
    error_response,
    responses,
)
from .preconditions import ETAG, ExpectedVersions, etag

__all__ = [
    "COOKIE",
    "ETAG",
    "PROBLEM_DETAILS",
    "After",
    "CurrentDatabase",
    "ErrorFormat",
    "ExpectedVersions",
    "Failure",
    "IdentitySettings",
    "InvalidField",
    "Limit",
    "Problem",
    "ReadSession",
    "Verifier",
    "WriteSession",
    "error_response",
    "etag",
    "get_caller",
    "get_database",
    "needs",
    "require_same_origin",
    "responses",
    "session_token",
    "settings_of",
    "verify",
]

"""The errors of the domain, which know no HTTP; `http/problems.py` maps each to a status.

ServiceError
├── Invalid                the request breaks a rule, or a value cannot be stored
├── Unauthenticated        no valid credential
├── Forbidden              permission denied
├── NotFound               no such resource
├── Conflict               a database constraint refused the change
├── PreconditionFailed     the caller's version is not the current one
├── PreconditionRequired   the caller named no version
├── TooManyAttempts        rate limited
├── Unavailable            the database is unavailable
└── DependencyUnavailable  another dependency is unavailable

A service derives its own errors from these and inherits their status.
"""


class ServiceError(Exception):
    """An error whose message may be shown to the caller."""


class Invalid(ServiceError):
    """The request breaks a rule that its schema does not express, or a value cannot be stored."""


class Unauthenticated(ServiceError):
    """No valid credential."""


class Forbidden(ServiceError):
    """Permission denied."""


class NotFound(ServiceError):
    """No such resource."""


class Conflict(ServiceError):
    """A database constraint refused the change."""


class PreconditionFailed(ServiceError):
    """The resource has changed since the caller read it."""


class PreconditionRequired(ServiceError):
    """The caller must name the version that it changes."""


class TooManyAttempts(ServiceError):
    """Rate limited: retry after `seconds`."""

    def __init__(self, message: str, seconds: int = 1) -> None:
        super().__init__(message)
        self.seconds = seconds


class Unavailable(ServiceError):
    """The database is unavailable. The message is for the log and the operator, not for clients."""


class DependencyUnavailable(ServiceError):
    """A dependency, such as another service, is unavailable: retry after `seconds`."""

    def __init__(self, message: str, seconds: int = 1) -> None:
        super().__init__(message)
        self.seconds = seconds


class SerializationFailure(Exception):
    """A concurrent transaction won; this one is rolled back and may succeed when it is retried.

    Raised on PostgreSQL only; on SQLite writers queue. See `Database.retry_on_conflict`.
    """

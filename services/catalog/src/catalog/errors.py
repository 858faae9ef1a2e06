"""What can go wrong in the domain; `problems.py` alone knows what that is in HTTP.

ServiceError
├── Invalid                the database cannot hold such a value
├── NotFound               there is no such thing
├── Conflict               a constraint of the database refused it
├── PreconditionFailed     the caller's version is not the current one
├── PreconditionRequired   the caller did not say which version it changes
└── Unavailable            the database cannot serve now
"""


class ServiceError(Exception):
    """An error that the caller of the service can be told about, in one sentence."""


class Invalid(ServiceError):
    """The database cannot hold such a value; the schema of a request had better refuse it."""


class NotFound(ServiceError):
    """There is no such thing."""


class Conflict(ServiceError):
    """A constraint of the database refused the change."""


class PreconditionFailed(ServiceError):
    """The thing has changed since the caller read it."""


class PreconditionRequired(ServiceError):
    """The caller must say which version it means to change."""


class Unavailable(ServiceError):
    """The database cannot be used; the sentence is for the log and for the operator."""


class TryAgain(Exception):
    """Another transaction came first: this one is undone, and can succeed when it is repeated.

    PostgreSQL alone raises it; SQLite lets writers queue. See `Database.repeat`.
    """

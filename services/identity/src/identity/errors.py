"""What can go wrong in the domain; `problems.py` alone knows what that is in HTTP.

ServiceError
├── Invalid                what was sent breaks a rule, or cannot be stored
├── Unauthenticated        the caller did not prove who it is
├── Forbidden              the caller may not do it
├── NotFound               there is no such thing
├── Conflict               a constraint of the database refused it
├── PreconditionFailed     the caller's version is not the current one
├── PreconditionRequired   the caller did not say which version it changes
├── TooManyAttempts        the caller has to wait
├── Unavailable            the database cannot serve now
└── NotNow                 what it takes, such as another service, cannot serve now
"""


class ServiceError(Exception):
    """An error that the caller of the service can be told about, in one sentence."""


class Invalid(ServiceError):
    """What was sent breaks a rule that its schema does not tell, or cannot be stored."""


class Unauthenticated(ServiceError):
    """The caller did not prove who it is."""


class Forbidden(ServiceError):
    """The caller is known, or need not be, and may not do it."""


class NotFound(ServiceError):
    """There is no such thing."""


class Conflict(ServiceError):
    """A constraint of the database refused the change."""


class PreconditionFailed(ServiceError):
    """The thing has changed since the caller read it."""


class PreconditionRequired(ServiceError):
    """The caller must say which version it means to change."""


class TooManyAttempts(ServiceError):
    """The caller has tried too often, and may try again after some `seconds`."""

    def __init__(self, sentence: str, seconds: int = 1) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class Unavailable(ServiceError):
    """The database cannot be used; the sentence is for the log and for the operator."""


class NotNow(ServiceError):
    """What it takes, such as another service, cannot serve now, but may after some `seconds`."""

    def __init__(self, sentence: str, seconds: int = 1) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class TryAgain(Exception):
    """Another transaction came first: this one is undone, and can succeed when it is repeated.

    PostgreSQL alone raises it; SQLite lets writers queue. See `Database.repeat`.
    """

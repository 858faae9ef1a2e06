"""Rate limits of attempts: counted in the database, across all processes and restarts."""

from .service import AttemptService, PendingAttempt
from .settings import Settings

__all__ = ["AttemptService", "PendingAttempt", "Settings"]

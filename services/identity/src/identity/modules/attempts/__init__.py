"""How often somebody may try: counted in the database, so for all processes and past a restart."""

from .service import AttemptService, Begun
from .settings import Settings

__all__ = ["AttemptService", "Begun", "Settings"]

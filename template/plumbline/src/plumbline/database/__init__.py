"""The database: connections, sessions, transactions and migrations; knows no HTTP.

The names below are public; the modules they come from are not.
"""

from .database import Database
from .options import ConnectionOptions

__all__ = ["ConnectionOptions", "Database"]

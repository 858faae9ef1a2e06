"""Who calls; what a route needs of them is in `dependencies.py`."""

from .caller import COOKIE, Caller, Carrier
from .credentials import Found, recognises

__all__ = ["COOKIE", "Caller", "Carrier", "Found", "recognises"]

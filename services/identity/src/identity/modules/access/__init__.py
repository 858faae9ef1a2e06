"""Who calls; what a route needs of them is in `dependencies.py`."""

from .caller import COOKIE, Caller, Carrier, Found

__all__ = ["COOKIE", "Caller", "Carrier", "Found"]

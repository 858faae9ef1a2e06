"""Who calls; what a route needs of them is in `dependencies.py`, and how to use it in README.md."""

from .caller import Caller

__all__ = ["Caller"]

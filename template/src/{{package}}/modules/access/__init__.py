"""Asks the identity service who a caller is; README.md shows how endpoints use it."""

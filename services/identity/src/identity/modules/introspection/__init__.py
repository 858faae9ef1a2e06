"""Introspection: other services look up the caller of a session or an API key."""

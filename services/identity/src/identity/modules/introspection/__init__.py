"""Introspection: other services ask who a session or an API key belongs to."""

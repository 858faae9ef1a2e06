"""API keys: what programs of a user send in place of a password."""

"""API keys: what the programs of a user send in place of a password."""

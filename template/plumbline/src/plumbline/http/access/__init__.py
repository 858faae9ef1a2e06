"""Authentication: finds the caller of a request by a session cookie or an API key."""

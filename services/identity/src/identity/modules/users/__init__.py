"""The users of the service, from their table up to their URLs."""

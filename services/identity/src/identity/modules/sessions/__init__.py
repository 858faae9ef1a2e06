"""The sessions of the service, from their table up to their URLs."""

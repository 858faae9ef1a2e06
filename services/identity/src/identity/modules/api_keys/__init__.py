"""The api keys of the service, from their table up to their URLs."""

"""Notes, from their table up to their URLs."""

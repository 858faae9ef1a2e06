"""The catalog of products."""

"""The catalog service: README.md tells what it does."""

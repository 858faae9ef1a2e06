"""The identity service: README.md tells what it does."""

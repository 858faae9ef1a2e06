"""The business areas of the service, one folder each, discovered automatically."""

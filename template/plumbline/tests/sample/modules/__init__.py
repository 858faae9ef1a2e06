"""The modules of the sample."""

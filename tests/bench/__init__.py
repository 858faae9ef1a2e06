"""What `nox -s bench` measures: one module for each measurement, and what they stand on."""

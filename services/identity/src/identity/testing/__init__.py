"""What the tests stand on; none of it ships."""

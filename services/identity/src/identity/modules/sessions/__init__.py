"""Sessions: users who have logged in, each with a cookie of its own."""

"""Sessions: logins of users, each with a cookie of its own."""

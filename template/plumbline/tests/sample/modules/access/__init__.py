"""Where the identity service is; the authentication itself is the platform's."""

"""Log-in, sign-up and log-out for browsers."""

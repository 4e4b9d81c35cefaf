"""Real servers for the tests: each is a context manager that leaves nothing behind."""

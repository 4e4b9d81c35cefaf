"""The JSON door to tasks, and the documentation of the whole API."""

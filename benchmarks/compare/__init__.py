"""taskapp measured beside the system that it replaces, in one interleaved run."""

"""Rules that need no database and no web: plain Python on plain values."""

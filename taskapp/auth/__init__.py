"""Who is calling, and how they come to be known: sign-up, login, tokens."""

"""The secrets that sign, and the others that are accepted while one is replaced by another.

The first is always the one that signs.
"""

from flask import current_app


def of_sessions() -> tuple[str, ...]:
    """For what a browser or a client gives back as it got it: sessions, forms, cursors."""
    return (current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"])


def of_tokens() -> tuple[str, ...]:
    """For access tokens."""
    return (current_app.config["JWT_SECRET_KEY"], *current_app.config["JWT_SECRET_KEY_FALLBACKS"])

"""Passwords are hashed a few at a time, so that those who log in leave threads to all others.

A hash takes a quarter of a second by design. Half of the threads hash, a quarter waits to, and
whoever comes then is asked to come again.
"""

from functools import wraps
from threading import BoundedSemaphore
from typing import Any

from flask import current_app
from werkzeug.exceptions import ServiceUnavailable

from taskapp.openapi import View

PATIENCE_SECONDS = 5
RETRY_AFTER_SECONDS = 1
NAME = "password_turns"


class Turns:
    """How many of a process's threads may do something that takes long, and wait for it."""

    def __init__(self, threads: int, patience: float = PATIENCE_SECONDS) -> None:
        """Share out so many threads; one alone is not kept for anybody."""
        self._patience = patience
        self._going_on = BoundedSemaphore(max(1, threads // 2))
        self._let_in = BoundedSemaphore(max(1, threads // 2) + threads // 4)

    def __enter__(self) -> None:
        """Wait for a turn, or raise ServiceUnavailable: too many wait, or for too long."""
        if not self._let_in.acquire(blocking=False):
            raise _too_many()
        if not self._going_on.acquire(timeout=self._patience):
            self._let_in.release()
            raise _too_many()

    def __exit__(self, *_: object) -> None:
        """Leave it to the next."""
        self._going_on.release()
        self._let_in.release()


def in_turn(view: View) -> View:
    """Let a view that hashes a password wait for its turn."""

    @wraps(view)
    def wait(*args: Any, **kwargs: Any) -> Any:
        extensions = current_app.extensions
        if NAME not in extensions:
            extensions.setdefault(NAME, Turns(current_app.config["WEB_THREADS"]))
        with extensions[NAME]:
            return view(*args, **kwargs)

    decorated: View = wait  # type: ignore[assignment]
    return decorated


def _too_many() -> ServiceUnavailable:
    message = "Too many people are logging in just now. Try again shortly."
    return ServiceUnavailable(message, retry_after=RETRY_AFTER_SECONDS)

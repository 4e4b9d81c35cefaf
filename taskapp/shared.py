"""What processes and hosts share through Redis; while it is lost, each keeps its own.

Nothing here may be needed to answer a request, and nothing personal is kept: counts of failures,
and documents that are the same for everybody.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from operator import itemgetter
from threading import Lock
from typing import Any, Self, TypeVar

from flask import Flask
from flask_caching.backends import SimpleCache
from flask_caching.backends.base import BaseCache
from limits.storage import MemoryStorage, MovingWindowSupport, RedisStorage, Storage
from werkzeug.utils import import_string

log = logging.getLogger("taskapp")

Result = TypeVar("Result")

SCHEME = "taskapp-shared"
PREFIX = "taskapp:"
# A Redis that hangs must not hang us: so long a request waits for it at most, and then for
# PAUSE_SECONDS nobody does, but for one request that tries whether it is there again.
TIMEOUT_SECONDS = 0.5
PAUSE_SECONDS = 5.0
TIMEOUTS: dict[str, Any] = {
    "socket_connect_timeout": TIMEOUT_SECONDS,
    "socket_timeout": TIMEOUT_SECONDS,
}
# How long a document is kept.
KEPT_SECONDS = 86_400


class Line:
    """The line to Redis: whether it holds, and what is done while it does not.

    Losing it is logged once, and finding it again.
    """

    def __init__(self, pause: float) -> None:
        """Take it that it holds; once it does not, it is tried again after `pause` seconds."""
        # Redis's client takes 6 MB: it is imported where there is a Redis.
        self.losses: tuple[type[Exception], ...] = (import_string("redis.RedisError"), OSError)
        self._pause = pause
        self._lock = Lock()
        self._retry_at: float | None = None

    def either(self, ask: Callable[[], Result], instead: Callable[[], Result]) -> Result:
        """What `ask` returns; or, while Redis is lost, what `instead` does."""
        if self._retry_at is not None and not self._may_try():
            return instead()
        try:
            answer = ask()
        except self.losses as error:
            self._lose(error)
            return instead()
        self._find()
        return answer

    def _may_try(self) -> bool:
        moment = time.monotonic()
        with self._lock:
            if moment < (self._retry_at or moment):
                return False
            # Whoever comes while this one tries does not wait along.
            self._retry_at = moment + self._pause
            return True

    def _lose(self, error: Exception) -> None:
        with self._lock:
            was_held, self._retry_at = self._retry_at is None, time.monotonic() + self._pause
        if was_held:
            log.error("Redis is lost: this process counts and keeps by itself", exc_info=error)

    def _find(self) -> None:
        with self._lock:
            was_lost, self._retry_at = self._retry_at is not None, None
        if was_lost:
            log.warning("Redis is back: counts are shared again")


def settings(url: str) -> dict[str, Any]:
    """What the extensions are told, so that they use the Redis at `url`, over one line."""
    line = Line(PAUSE_SECONDS)
    return {
        "RATELIMIT_STORAGE_URI": f"{SCHEME}://",
        "RATELIMIT_STORAGE_OPTIONS": {"url": url, "line": line},
        "CACHE_TYPE": f"{__name__}.{Documents.__name__}",
        "CACHE_OPTIONS": {"url": url, "line": line},
    }


class Counts(Storage, MovingWindowSupport):
    """Failures, counted in Redis for all hosts, or here: none is left out, and none is refused."""

    STORAGE_SCHEME = [SCHEME]

    def __init__(self, _uri: str, *, url: str, line: Line) -> None:
        """Count in the Redis at `url`."""
        super().__init__()
        self._shared = RedisStorage(url, **TIMEOUTS)
        self._own = MemoryStorage()
        self._line = line

    def _either(self, verb: str, *given: Any) -> Any:
        return self._line.either(
            lambda: getattr(self._shared, verb)(*given), lambda: getattr(self._own, verb)(*given)
        )

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """What Redis raises; none of it leaves here."""
        return self._line.losses

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count."""
        return int(self._either("incr", key, expiry, amount))

    def get(self, key: str) -> int:
        """A count."""
        return int(self._either("get", key))

    def get_expiry(self, key: str) -> float:
        """When a count ends."""
        return float(self._either("get_expiry", key))

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Add to a window, unless it is full."""
        return bool(self._either("acquire_entry", key, limit, expiry, amount))

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When a window began, and how many are in it: here, or for all hosts, whichever is more.

        What was counted here while Redis was lost, or refused to write, counts on.
        """
        own = self._own.get_moving_window(key, limit, expiry)
        found: tuple[float, int] = self._either("get_moving_window", key, limit, expiry)
        return max(own, found, key=itemgetter(1))

    def check(self) -> bool:
        """Whether failures are counted somewhere: always."""
        return True

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._own.clear(key)
        self._either("clear", key)

    def reset(self) -> int | None:
        """Forget all counts."""
        self._own.reset()
        forgotten: int | None = self._either("reset")
        return forgotten


class Documents(BaseCache):
    """Bytes that are the same for everybody, kept in Redis for all hosts, or here.

    Bytes and nothing else: the usual ones would unpickle, and so run, whatever is in Redis.
    """

    def __init__(self, url: str, line: Line) -> None:
        """Keep in the Redis at `url`."""
        super().__init__(KEPT_SECONDS)
        self._redis = import_string("redis.Redis").from_url(url, **TIMEOUTS)
        self._own = SimpleCache(default_timeout=KEPT_SECONDS)
        self._line = line

    @classmethod
    def factory(
        cls,
        app: Flask,  # noqa: ARG003 - what it needs is in CACHE_OPTIONS
        config: dict[str, Any],  # noqa: ARG003
        args: list[Any],  # noqa: ARG003
        kwargs: dict[str, Any],
    ) -> Self:
        """One for an application, by its settings."""
        return cls(kwargs["url"], kwargs["line"])

    def get(self, key: str) -> Any:
        """What is kept under a name, or None."""
        return self._line.either(lambda: self._redis.get(PREFIX + key), lambda: self._own.get(key))

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool | None:
        """Keep bytes under a name."""
        return self._line.either(
            lambda: bool(self._redis.set(PREFIX + key, value, ex=timeout or KEPT_SECONDS)),
            lambda: self._own.set(key, value, timeout),
        )

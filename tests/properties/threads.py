"""Many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask


def at_once(app: Flask, count: int, work: Callable[[int], Any]) -> list[Any]:
    """Do the work in so many threads that begin together, each in a context of its own."""
    barrier = Barrier(count, timeout=60)

    def begin(number: int) -> Any:
        with app.app_context():
            barrier.wait()
            return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))

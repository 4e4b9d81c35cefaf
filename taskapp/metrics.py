"""What is counted while the application serves, in Prometheus's own words.

Others say `metrics.<name>.inc()` at the doors. Under gunicorn each process counts in files of its
own, which PROMETHEUS_MULTIPROC_DIR holds, and whoever is asked adds up those of all.
"""

import fcntl
import os
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    write_to_textfile,
)
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Engine, PoolProxiedConnection, QueuePool, event

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
JOBS_FILE = "jobs.prom"
# What a client makes up must not make up a series of its own.
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNKNOWN = "unknown"
# How often the counters of others are read, at most, until there are whole numbers in all of them.
ATTEMPTS = 20

registry = CollectorRegistry()
requests = Counter(
    "taskapp_requests",
    "Requests answered; a route is a template, and whatever fits none is unknown.",
    ["method", "route", "status"],
    registry=registry,
)
seconds = Histogram(
    "taskapp_request_seconds",
    "How long requests took.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=registry,
)
login_failures = Counter(
    "taskapp_login_failures", "Wrong passwords, at the login or of who is in.", registry=registry
)
throttled = Counter(
    "taskapp_throttled", "Requests refused after too many failures.", registry=registry
)
repeats = Counter(
    "taskapp_repeats", "Work that was done again after the database failed it.", registry=registry
)
pool_size = Gauge(
    "taskapp_pool_size",
    "Database connections that may be open.",
    multiprocess_mode="livesum",
    registry=registry,
)
pool_in_use = Gauge(
    "taskapp_pool_in_use",
    "Database connections in use.",
    multiprocess_mode="livesum",
    registry=registry,
)
pool_waiting = Gauge(
    "taskapp_pool_waiting",
    "Threads that wait for a database connection.",
    multiprocess_mode="livesum",
    registry=registry,
)


class CountedPool(QueuePool):
    """A pool that tells how many wait for a connection; watch() tells how many have one."""

    __module__ = QueuePool.__module__  # a pool logs under the name of its module

    def connect(self) -> PoolProxiedConnection:
        """Hand out a connection, and count whoever waits for it meanwhile."""
        if self.checkedout() < self.size():
            return super().connect()
        pool_waiting.inc()
        try:
            return super().connect()
        finally:
            pool_waiting.dec()


def watch(engine: Engine) -> None:
    """Tell of an engine's pool how many connections are in use."""
    if isinstance(engine.pool, QueuePool):
        pool_size.set(engine.pool.size())

    @event.listens_for(engine, "checkout")
    def _on_checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        record.record_info["counted"] = True
        pool_in_use.inc()

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: Any, record: Any) -> None:
        # One that could not be handed out comes back too.
        if record.record_info.pop("counted", False):
            pool_in_use.dec()


def count_request(method: str, route: str | None, status: int, took: float) -> None:
    """Count one request that has been answered."""
    counter, histogram = _collectors(
        method if method in METHODS else UNKNOWN, route or UNKNOWN, str(status)
    )
    counter.inc()
    histogram.observe(took)


@cache
def _collectors(method: str, route: str, status: str) -> tuple[Counter, Histogram]:
    """Found once: looking them up by their labels costs more than counting."""
    return requests.labels(method, route, status), seconds.labels(route)


def expose(folder: Path) -> bytes:
    """All that has been counted, by every process of this server, and by the jobs."""
    counted = _of_all() if FOLDER in os.environ else generate_latest(registry)
    return b"".join((counted, *_of_jobs(folder)))


def _of_all() -> bytes:
    everybody, files = CollectorRegistry(), Path(os.environ[FOLDER])
    MultiProcessCollector(everybody, path=str(files))  # type: ignore[no-untyped-call]
    # Never while serving.start.bury() adds the file of a process that has ended to another.
    with (files / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        for _ in range(ATTEMPTS):
            # A process that begins has a file before there is anything in it.
            with suppress(struct.error):
                return generate_latest(everybody)
            time.sleep(0.01)
        return generate_latest(everybody)


def record_jobs(folder: Path, removed: Mapping[str, int], moment: float) -> None:
    """Leave a note of what the jobs have done, for the servers that share the folder."""
    done = CollectorRegistry()
    Gauge("taskapp_jobs_last_run_seconds", "When the jobs ran.", registry=done).set(moment)
    gone = Gauge("taskapp_jobs_removed", "What they removed.", ["what"], registry=done)
    for what, count in removed.items():
        gone.labels(what).set(count)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_to_textfile(str(folder / JOBS_FILE), done)


def _of_jobs(folder: Path) -> Iterator[bytes]:
    try:
        yield (folder / JOBS_FILE).read_bytes()
    except OSError:
        return  # they have not run yet, or elsewhere

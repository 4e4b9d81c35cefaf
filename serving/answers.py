"""What the server itself does about answers: writing refusals, and sending a head with its body."""

import json
import socket
import uuid
from collections.abc import Callable
from typing import Any


class Recorder:
    """Stands in for the client while gunicorn writes a page of its own."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.page = b""

    def sendall(self, data: bytes) -> None:
        """Keep what would be sent."""
        self.page += data

    def __getattr__(self, name: str) -> Any:
        """Take any other call that a socket takes, and do nothing."""
        return lambda *_: None


class Outgoing:
    """The client's socket, but what is sent first goes together with what comes next.

    gunicorn sends the head of an answer by itself, which costs as much as sending the rest.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Begin an answer."""
        self._sock = sock
        self._head = b""
        self._has_begun = False

    def sendall(self, data: bytes) -> None:
        """Keep the head; send all else."""
        if not self._has_begun:
            self._head, self._has_begun = data, True
            return
        head, self._head = self._head, b""
        self._sock.sendall(head + data if head else data)

    def flush(self) -> None:
        """Send a head that nothing has followed."""
        head, self._head = self._head, b""
        if head:
            self._sock.sendall(head)

    def __getattr__(self, name: str) -> Any:
        """Whatever else a socket has; what it sends comes after the head."""
        self.flush()
        return getattr(self._sock, name)


class Silence:
    """Stands in for the log: what gunicorn writes of a request it refuses quotes the request."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Take any call that a log takes, and write nothing."""
        return lambda *_, **__: None


def refusal(status: int, title: str, detail: str) -> tuple[bytes, str]:
    """A problem document (RFC 9457) with its head, to be followed by nothing, and its id."""
    problem = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "/",  # whatever it was meant for
        "code": title.lower().replace(" ", "_"),
        "request_id": uuid.uuid4().hex,
    }
    body = json.dumps(problem)
    head = (
        f"HTTP/1.1 {status} {title}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        f"X-Request-ID: {problem['request_id']}",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        *(("Retry-After: 2",) if status == 503 else ()),
        "Connection: close",
    )
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode(), str(problem["request_id"])

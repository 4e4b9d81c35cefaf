"""The door: shut, nobody new comes in, while those who are in the queue can still be taken.

Closing a socket that listens resets whoever waits in its queue, and between the last look at the
queue and the closing other threads may run for milliseconds.
"""

import socket
from contextlib import suppress

# ip(7) and linux/in6.h; Python names neither. Packets that have come over a router, or from a host
# that does not send the most (RFC 5082, 3), are not seen then: a new client's first one is lost,
# and TCP sends it again after a second (RFC 6298, 2.1), when there is a new server or none.
LEVELS = ((socket.IPPROTO_IP, 21), (socket.IPPROTO_IPV6, 73))
SHUT, OPEN = 255, 0


def shut(listener: socket.socket) -> None:
    """Let no new client connect; where the system cannot, all stays as it is."""
    _turn_away(listener, SHUT)


def unshut(sock: socket.socket) -> None:
    """Undo that, for the socket that listens or for a connection that was made meanwhile."""
    _turn_away(sock, OPEN)


def _turn_away(sock: socket.socket, lives: int) -> None:
    for level, option in LEVELS:
        with suppress(OSError):
            sock.setsockopt(level, option, lives)

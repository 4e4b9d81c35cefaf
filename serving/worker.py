"""The worker: threads, and in front of them one loop that waits for clients.

A thread is given a request when all of it is there, so that no client, however slow, keeps one
waiting. gunicorn's own worker reads in its threads: as many half-sent requests as it has threads
stop it.
"""

import errno
import select
import selectors
import socket
import struct
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

from gunicorn import http
from gunicorn.workers.base import Worker as AnyWorker
from gunicorn.workers.gthread import TConn, ThreadWorker

from serving import door
from serving.answers import Outgoing, Recorder, Silence, refusal
from serving.balance import ENDING, Board, Share
from serving.intake import Intake

PIECE = 64 * 1024
# What all bodies may take that are still coming in, but for small ones, which are always taken.
IN_ALL_MOST = 64 * 1024 * 1024
SMALL = 16 * 1024
# Bytes a second that a body has to come at, after WEB_SLOW_SECONDS.
PACE = 16 * 1024
PARTING_SECONDS = 2.0
# For so long a thread that has answered waits for the connection's next request itself, unless
# somebody wants it: the way back through the loop costs as much as answering a short request.
STAY_MILLISECONDS = 1
PARTING_BYTES = 4 * 1024 * 1024
# How long the last worker waits for clients who were about to connect as the door was shut.
LAST_SECONDS = 0.02
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class Worker(ThreadWorker):  # type: ignore[misc]
    """Threads that only see whole requests."""

    slow_seconds = 10
    body_most = 1024 * 1024
    board = Board()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin without a client."""
        super().__init__(*args, **kwargs)
        self._coming: set[TConn] = set()
        self._parting: dict[TConn, float] = {}
        self._held = 0
        self._looked_at = 0.0
        self._told_at = 0.0
        # gunicorn's master makes workers before it forks them.
        self.place = self.board.take()
        self._share = Share(self.board)
        self._is_told_to_end = False

    # ------------------------------------------------------------ who takes a connection

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, or leave it for a moment to a worker that has fewer."""
        if not self.alive:
            super().accept(listener)
            return
        if self._share.leaves(self.nr_conns, time.monotonic()):
            super().set_accept_enabled(False)
            return
        super().accept(listener)
        self.board.say(self.place, self.nr_conns)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait, but no longer than until what was left is to be looked at again."""
        if self.alive:
            self.board.say(self.place, self.nr_conns)
            timeout = min(timeout, self._share.leaves_for(time.monotonic()) or timeout)
        super().wait_for_and_dispatch_events(timeout)

    # ------------------------------------------------------------ a request comes in

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection to a thread as soon as all of its next request is there."""
        if self.cfg.is_ssl:  # nothing to be read before the handshake
            super().enqueue_req(conn)
            return
        if conn.parser is None:
            self._set_up(conn)
        conn.intake = Intake(time.monotonic(), self.body_most)
        conn.is_watched = False
        conn.sock.setblocking(False)
        self._coming.add(conn)
        if early := conn.parser.unreader.take_buffered():
            self._take(conn, early)
        else:
            self._on_more(conn)

    def _set_up(self, conn: TConn) -> None:
        conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
        conn.data_ready, conn.has_begun = True, False
        conn.watch = select.poll()
        conn.watch.register(conn.sock, select.POLLIN)
        if not self.alive:
            door.unshut(conn.sock)
        # No thread waits for longer for a client that does not read its answer, say.
        patience = struct.pack("ll", self.slow_seconds, 0)
        with suppress(OSError):  # it has gone already, which is seen when it is read
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)

    def _on_more(self, conn: TConn, _sock: object = None) -> None:
        try:
            data = conn.sock.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            self._watch(conn)
        except OSError:
            self._drop(conn)
        else:
            if data:
                self._take(conn, data)
            elif conn.intake.data:  # what is missing will not come: there is an answer to that
                self._hand_over(conn)
            else:
                self._drop(conn)

    def _go_on(self, conn: TConn) -> None:
        """Wait for the rest of a request that has begun to come in a thread."""
        begun, conn.is_watched = bytes(conn.intake.data), False
        conn.intake = Intake(conn.intake.began, self.body_most)
        conn.sock.setblocking(False)
        self._coming.add(conn)
        self._take(conn, begun)

    def _take(self, conn: TConn, data: bytes) -> None:
        intake = conn.intake
        self._held -= len(intake.data)
        is_whole = intake.add(data)
        self._held += len(intake.data)
        if is_whole:
            self._hand_over(conn)
        elif intake.is_too_long:
            self._refuse(conn, 431, "Request Header Fields Too Large", "The head is too large.")
        elif self._held > IN_ALL_MOST and len(intake.data) > SMALL:
            self._refuse(conn, 503, "Service Unavailable", "Too much comes in. Try again shortly.")
        else:
            if intake.wants_leave():
                with suppress(OSError):
                    conn.sock.send(GO_ON)
            self._watch(conn)

    def _watch(self, conn: TConn) -> None:
        if not conn.is_watched:
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_more, conn))
            conn.is_watched = True

    def _hand_over(self, conn: TConn) -> None:
        self._forget(conn)
        conn.parser.unreader.unread(bytes(conn.intake.data))
        conn.intake.data.clear()
        super().enqueue_req(conn)

    def _refuse(self, conn: TConn, status: int, title: str, detail: str) -> None:
        self._forget(conn)
        self._say_no(conn.sock, conn.client, status, title, detail, reason=detail)
        self._part(conn)

    def _drop(self, conn: TConn) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: TConn) -> None:
        self._coming.discard(conn)
        self._held -= len(conn.intake.data)
        if conn.is_watched:
            self.poller.unregister(conn.sock)

    # ------------------------------------------------------------ a request is answered

    def handle(self, conn: TConn) -> Any:
        """Answer a connection's request in a thread, and those that follow at once."""
        goes_on = super().handle(conn)
        while goes_on is True and self._comes_at_once(conn):
            goes_on = super().handle(conn)
        return goes_on

    def _comes_at_once(self, conn: TConn) -> bool:
        """Whether all of a connection's next request has come; a part of it waits in its intake."""
        nobody_waits = self.alive and self.tpool._work_queue.empty()
        if self.cfg.is_ssl or not nobody_waits or conn.parser.unreader.buf.getvalue():
            return False
        if not conn.watch.poll(STAY_MILLISECONDS):
            return False
        try:
            data = conn.sock.recv(PIECE, socket.MSG_DONTWAIT)
        except OSError:
            return False  # the loop meets the same, and parts
        if not data:
            return False
        conn.intake = Intake(time.monotonic(), self.body_most)
        if not conn.intake.add(data):
            conn.has_begun = True
            return False
        conn.parser.unreader.unread(bytes(conn.intake.data))
        conn.intake.data.clear()
        return True

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Answer; a client that does not read its answer is one that has gone."""
        has_sent_more = conn.parser.unreader.buf.getvalue()
        if not has_sent_more and self._share.moves(self.nr_conns, time.monotonic()):
            req.force_close()
        outgoing = Outgoing(conn.sock)
        stand_in = SimpleNamespace(sock=outgoing, client=conn.client, server=conn.server)
        try:
            goes_on: bool = super().handle_request(req, stand_in)
            outgoing.flush()
        except BlockingIOError as error:
            raise BrokenPipeError(errno.EPIPE, "the client does not read") from error
        return goes_on

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        # gunicorn would wait here, in a thread, for what a client announced and does not send.
        is_cut = not self.cfg.is_ssl and conn.intake.is_cut
        return not is_cut and bool(super()._keepalive_after(conn, keepalive))

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Wait for the next request of the connection, or part."""
        if fs.cancelled() or fs.exception() or not fs.result():
            self._part(conn)
        elif conn.has_begun:
            conn.has_begun = False
            self._go_on(conn)
        else:
            super().finish_request(conn, fs)

    def _part(self, conn: TConn) -> None:
        """Say that nothing more comes, and close when the client has heard (RFC 9112, 9.6).

        gunicorn waits for that in this very loop, in which nobody else is served meanwhile.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_rest, conn))
        except (OSError, ValueError, KeyError):
            self.nr_conns -= 1
            conn.close()
            return
        conn.discarded = 0
        self._parting[conn] = time.monotonic() + PARTING_SECONDS
        self._on_rest(conn)

    def _on_rest(self, conn: TConn, _sock: object = None) -> None:
        try:
            rest = conn.sock.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            rest = b""
        conn.discarded += len(rest)
        if not rest or conn.discarded > PARTING_BYTES:
            self._close(conn)

    def _close(self, conn: TConn) -> None:
        del self._parting[conn]
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    # ------------------------------------------------------------ what takes too long

    def notify(self) -> None:
        """Tell the master process, which looks every second, that all is well."""
        now = time.monotonic()
        if now - self._told_at > 0.5:
            self._told_at = now
            super().notify()

    def murder_pending(self) -> None:
        """Once a second, end with those who have had their time."""
        super().murder_pending()
        now = time.monotonic()
        if now - self._looked_at < 1:
            return
        self._looked_at = now
        if self.alive:
            # All workers may have been told to end, and the door shut, but for the server to go on:
            # by hand, or because another server has been given the same socket (SIGUSR2).
            for listener in self.sockets:
                door.unshut(listener)
        for conn in [each for each in self._coming if self._is_late(each, now)]:
            if conn.intake.data:
                self._refuse(conn, 408, "Request Timeout", "The request did not come in time.")
            else:
                self._drop(conn)
        for conn in [each for each, deadline in self._parting.items() if deadline < now]:
            self._close(conn)

    def _is_late(self, conn: TConn, now: float) -> bool:
        allowed = self.slow_seconds + len(conn.intake.data) / PACE
        if not self.alive and not conn.intake.data:
            allowed = PARTING_SECONDS  # a stopping server waits for nobody to begin
        return bool(now - conn.intake.began > allowed)

    # ------------------------------------------------------------ the end

    def handle_exit(self, sig: int, frame: Any) -> None:
        """The master says that this worker ends, which is not by having answered its share."""
        self._is_told_to_end = True
        super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take or leave new connections; at the end, take those that the system took for us.

        Whoever has connected is answered: closed in the queue, a connection is reset. Other
        workers, or those of a reload, take whom this one leaves; the last one has to shut the door.
        """
        if enabled and self._share.leaves_for(time.monotonic()):
            return
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            self.board.say(self.place, ENDING)
            is_last = self._is_told_to_end and self.board.is_ending()
            for listener in self.sockets:
                self._take_last(listener, is_last)

    def _take_last(self, listener: socket.socket, is_last: bool) -> None:
        if is_last:
            door.shut(listener)
        with suppress(OSError), selectors.DefaultSelector() as waiting:
            waiting.register(listener, selectors.EVENT_READ)
            while waiting.select(LAST_SECONDS if is_last else 0):
                self.accept(listener)
        listener.close()

    # ------------------------------------------------------------ refusals

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer as gunicorn would, but in the form of every other error here."""
        recorder = Recorder()
        stand_in = SimpleNamespace(log=Silence(), cfg=self.cfg)
        AnyWorker.handle_error(stand_in, None, recorder, addr, exc)
        if not recorder.page:
            return
        _, status, title = recorder.page.split(b"\r\n", 1)[0].decode().split(" ", 2)
        detail = "This is not an HTTP request that can be read."
        self._say_no(client, addr, int(status), title, detail, reason=type(exc).__name__, exc=exc)

    def _say_no(
        self,
        sock: socket.socket,
        address: Any,
        status: int,
        title: str,
        detail: str,
        *,
        reason: str,
        exc: BaseException | None = None,
    ) -> None:
        said, request_id = refusal(status, title, detail)
        # What was sent is not logged: there may be a token or a password in it.
        self.log.warning(
            "a request was refused",
            extra={
                "request_id": request_id,
                "status": status,
                "reason": reason,
                "client": address[0] if address else None,
            },
            exc_info=exc if status == 500 else None,
        )
        with suppress(OSError):  # the client went away before
            sock.setblocking(False)
            sock.send(said)

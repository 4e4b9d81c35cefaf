"""How the server runs; `make run` and production use the same file."""

import json
import uuid
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

from config import Config


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


class Worker(ThreadWorker):
    """Threads; what is no HTTP request at all is refused with a problem document (RFC 9457)."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer as gunicorn would, but in the form of every other error here."""
        recorder = Recorder()
        super().handle_error(req, recorder, addr, exc)
        if not recorder.page:
            return
        _, status, title = recorder.page.split(b"\r\n", 1)[0].decode().split(" ", 2)
        problem = {
            "type": "about:blank",
            "title": title,
            "status": int(status),
            "detail": "This is not an HTTP request that can be read.",
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
            "Connection: close",
        )
        try:
            util.write_nonblock(client, ("\r\n".join(head) + "\r\n\r\n" + body).encode())
        except OSError:
            self.log.debug("the client went away before its error could be sent")


_config = Config.from_env()

wsgi_app = "wsgi:app"
bind = f"{_config.HOST}:{_config.PORT}"
worker_class = Worker
workers = _config.WEB_WORKERS
threads = _config.WEB_THREADS
# The application logs each request itself, as JSON with the request's id.
accesslog = None
loglevel = "warning"
# A local socket for remote control is one more door; nobody here uses it.
control_socket_disable = True
# Whom to believe is TRUSTED_PROXIES alone: by itself gunicorn believes everybody on loopback.
forwarded_allow_ips = ""
# A method that is unusual gets the application's answer.
permit_unconventional_http_method = True


def when_ready(_server: object) -> None:
    """Say where to look and what to do first."""
    here = f"http://{_config.HOST}:{_config.PORT}"
    print(
        f"taskapp is at {here} (stop it with Ctrl-C)\n"
        f"  API to try out in the browser: {here}/api/docs\n"
        f"  first steps with curl: see README.md; data to look at: .venv/bin/flask demo",
        flush=True,
    )

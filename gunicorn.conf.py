"""How the server runs; `make run` and production use the same file.

SIGTERM ends it, and what is running is finished first; SIGHUP replaces the workers, which read the
settings and the code anew.
"""

from contextlib import suppress

from config import Config
from serving import log, start, worker

_config = Config.from_env()
start.prepare_metrics()
start.import_libraries(_config.DATABASE_URL, _config.REDIS_URL)

_shared = _config.DATABASE_URL.startswith("postgres") and _config.REDIS_URL


class Worker(worker.Worker):
    """The worker, with the settings that are its own."""

    slow_seconds = _config.WEB_SLOW_SECONDS
    body_most = _config.MAX_BODY_BYTES


wsgi_app = "wsgi:app"
bind = f"{_config.HOST}:{_config.PORT}"
worker_class = Worker
# SQLite has one writer; and without Redis each process counts failed logins for itself.
workers = _config.WEB_WORKERS or (start.usable_processors() if _shared else 1)
threads = _config.WEB_THREADS
max_requests = _config.WEB_MAX_REQUESTS
max_requests_jitter = max_requests // 10  # not all at once
keepalive = _config.WEB_KEEPALIVE_SECONDS
graceful_timeout = _config.WEB_GRACEFUL_SECONDS
# The application logs each request itself, as JSON with the request's id.
accesslog = None
loglevel = "warning"
logger_class = log.ServerLog
# A local socket for remote control is one more door; nobody here uses it.
control_socket_disable = True
# Whom to believe is TRUSTED_PROXIES alone: by itself gunicorn believes everybody on loopback.
forwarded_allow_ips = ""
# A method that is unusual gets the application's answer.
permit_unconventional_http_method = True


def on_starting(server: object) -> None:
    """Refuse to serve on a schema that is behind; a database that sleeps will wake."""
    state, sentence = start.schema_state(patience=10)
    if state == "behind":
        raise SystemExit(sentence)
    if state != "current":
        server.log.warning(sentence)


def child_exit(_server: object, ended: object) -> None:
    """Keep what a worker has counted, and give its place to the next."""
    Worker.board.leave(ended.place)
    with suppress(Exception):  # nothing that is wrong with a file may end the server
        start.bury(ended.pid)


def when_ready(_server: object) -> None:
    """Say where to look and what to do first."""
    here = f"http://{_config.HOST}:{_config.PORT}"
    print(
        f"taskapp is at {here} (stop it with Ctrl-C)\n"
        f"  API to try out in the browser: {here}/api/docs\n"
        f"  first steps with curl: see README.md; data to look at: .venv/bin/flask demo",
        flush=True,
    )

"""How the server runs; `make run` and production use the same file."""

from config import Config

_config = Config.from_env()

wsgi_app = "wsgi:app"
bind = f"{_config.HOST}:{_config.PORT}"
worker_class = "gthread"
workers = _config.WEB_WORKERS
threads = _config.WEB_THREADS
# The application logs each request itself, as JSON with the request's id.
accesslog = None
loglevel = "warning"
# A local socket for remote control is one more door; nobody here uses it.
control_socket_disable = True
# Methods and header names that are unusual get the application's own answer, not a bare page.
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

"""Whether all is well, for those who watch: this process, its database, and what it has counted."""

import math
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from pathlib import Path
from secrets import compare_digest
from threading import Lock, Thread

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import NotFound

from taskapp import metrics
from taskapp.openapi import public
from taskapp.readiness import State, probe
from taskapp.rest import answer, dump, problem

PATIENCE_SECONDS = 0.9
FRESH_SECONDS = 1.0

bp = Blueprint("health", __name__)


def init_app(app: Flask) -> None:
    """Add the addresses to an application."""
    app.extensions["readiness"] = _Asking(app.config["SQLALCHEMY_DATABASE_URI"])
    app.register_blueprint(bp)


@bp.get("/healthz")
@public
def show_health() -> Response:
    """Whether this process answers; it touches nothing."""
    return answer(dump({"status": "ok"}))


@bp.get("/readyz")
@public
def show_readiness() -> Response:
    """Whether requests can be served: the database answers and is migrated."""
    state = current_app.extensions["readiness"].state()
    ready = state in ("current", "ahead")
    status = "ready" if ready else "not ready"
    return answer(dump({"status": status, "database": state}), 200 if ready else 503)


@bp.get("/metrics")
@public
def show_metrics() -> Response:
    """What has been counted, for whoever has the token; without one there is nothing here."""
    wanted = current_app.config["METRICS_TOKEN"]
    if not wanted:
        raise NotFound
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode(), f"Bearer {wanted}".encode()):
        header = ("WWW-Authenticate", 'Bearer realm="metrics"')
        return problem(401, "token_wrong", "The metrics want their own token.", headers=[header])
    counted = metrics.expose(Path(current_app.config["INSTANCE_DIR"]))
    return Response(counted, content_type=CONTENT_TYPE_LATEST)


class _Asking:
    """One question to the database at a time, and one a second, however many ask.

    A database that is paused leaves its question hanging; those who ask meanwhile wait for that
    one, and for no more than PATIENCE_SECONDS.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        self._asked: Future[State] = Future()
        self._asked.set_result("unreachable")
        self._answered_at = -math.inf

    def state(self) -> State:
        """The answer, or "unreachable" when it takes too long."""
        with self._lock:
            if self._asked.done() and time.monotonic() - self._answered_at > FRESH_SECONDS:
                self._asked = Future()
                Thread(target=self._ask, args=(self._asked,), daemon=True).start()
            asked = self._asked
        try:
            return asked.result(PATIENCE_SECONDS)
        except TooLate:
            return "unreachable"

    def _ask(self, asked: Future[State]) -> None:
        try:
            state = probe(self._url)
        except Exception as error:  # whoever waits has to hear of it
            asked.set_exception(error)
        else:
            self._answered_at = time.monotonic()
            asked.set_result(state)

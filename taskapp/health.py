"""Whether all is well, for those who watch: this process, its database, and what it has counted."""

import logging
import math
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from pathlib import Path
from secrets import compare_digest
from threading import Lock, Thread
from typing import Literal

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from taskapp import metrics
from taskapp.db import migration_state
from taskapp.engine import asking
from taskapp.openapi import public
from taskapp.rest import answer, dump, problem

State = Literal["current", "ahead", "behind", "unreachable"]

PATIENCE_SECONDS = 0.9
FRESH_SECONDS = 1.0
SENTENCES: dict[State, str] = {
    "current": "The database has the schema of this release.",
    "ahead": "The database has been migrated by a newer release; this one goes on serving.",
    "behind": "The database lacks migrations of this release: run `flask db upgrade`, then start.",
    "unreachable": "The database does not answer.",
}

log = logging.getLogger("taskapp")
bp = Blueprint("health", __name__)


def init_app(app: Flask) -> None:
    """Add the addresses to an application."""
    app.extensions["readiness"] = _Asking(app)
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


def probe() -> State:
    """How the database's schema compares with this release's.

    Over a connection of its own: a pool of which all are in use says nothing about the database.
    """
    try:
        with asking(current_app.config["SQLALCHEMY_DATABASE_URI"]) as engine:
            return migration_state(engine)
    except SQLAlchemyError as error:
        log.warning("the database does not answer: %s", type(error).__name__)
        return "unreachable"


class _Asking:
    """One question to the database at a time, and one a second, however many ask.

    A database that is paused leaves its question hanging; those who ask meanwhile wait for that
    one, and for no more than PATIENCE_SECONDS.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
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
            with self._app.app_context():
                state = probe()
        except Exception as error:  # whoever waits has to hear of it
            asked.set_exception(error)
        else:
            self._answered_at = time.monotonic()
            asked.set_result(state)

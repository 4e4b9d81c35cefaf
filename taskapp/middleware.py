"""What surrounds every request: its id, its log line, bounds on its body, headers on its answer."""

import json
import logging
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Request, Response, current_app, g, has_request_context, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from taskapp import metrics

log = logging.getLogger("taskapp")

# ASCII, since Unicode has line breaks of its own.
_in_one_line = json.JSONEncoder(default=str).encode

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")

PROBES = ("/healthz", "/readyz", "/metrics")

# JSON needs nothing from anywhere; a view that shows a page brings its own policy.
CSP_NOTHING = "default-src 'none'; frame-ancestors 'none'"


def init_app(app: Flask) -> None:
    """Surround the requests of an application."""
    _set_up_logging(app.config["LOG_LEVEL"])
    app.before_request(_begin)
    app.before_request(_bound_streamed_body)
    app.after_request(_finish)


def _begin() -> None:
    g.began_at = time.perf_counter()
    g.request_id = _named() if current_app.config["TRUSTED_PROXIES"] else uuid.uuid4().hex


def _named() -> str:
    """The name that a proxy of ours gave the request; anybody else could forge log lines."""
    given = request.headers.get("X-Request-ID", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _bound_streamed_body() -> None:
    """Read a body of unannounced length here: Werkzeug would cut it at the bound in silence."""
    if "HTTP_TRANSFER_ENCODING" not in request.environ or request.content_length is not None:
        return
    try:
        size = len(request.get_data())
    except HTTPException:
        raise
    except Exception as error:  # whatever a server raises for chunks that are none
        raise BadRequest("The chunks of the body are malformed.") from error
    if size >= current_app.config["MAX_BODY_BYTES"]:
        raise RequestEntityTooLarge


# What an answer says unless its view has said something else.
_USUAL = {
    "Content-Security-Policy": CSP_NOTHING,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def _finish(response: Response) -> Response:
    # The proxies are looked through once: it costs as much as much of what is done with them.
    asked = request._get_current_object()  # type: ignore[attr-defined]
    about = g._get_current_object()
    headers = response.headers
    said = {name.lower() for name, _ in headers}
    headers["X-Request-ID"] = about.request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers.extend((k, v) for k, v in _USUAL.items() if k.lower() not in said)
    if current_app.config["CORS_ORIGINS"]:
        response.vary.add("Origin")
    if asked.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    _log_request(asked, about, response.status_code)
    return response


def _log_request(asked: Request, about: Any, status: int) -> None:
    took = time.perf_counter() - about.began_at
    route = asked.url_rule.rule if asked.url_rule else None
    metrics.count_request(asked.method, route, status, took)
    # Whoever looks every few seconds whether all is well, and it is, tells nobody anything.
    level = logging.DEBUG if asked.path in PROBES and status < 400 else logging.INFO
    # The path without its query, which may hold what people wrote.
    log.log(
        level,
        "request",
        extra={
            "method": asked.method,
            "path": asked.path,
            "route": route,
            "status": status,
            "duration_ms": round(took * 1000, 1),
            "user_id": about.get("user_id"),
        },
    )


class JsonFormatter(logging.Formatter):
    """One JSON object a line: when, how grave, what, in which request, and what was passed on."""

    _ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """Render a record; a trace stands in `exception`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            line["request_id"] = g.get("request_id")
        line |= {k: v for k, v in vars(record).items() if k not in self._ORDINARY}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _in_one_line(line)


def _set_up_logging(level: str) -> None:
    log.setLevel(level)
    if not any(isinstance(each.formatter, JsonFormatter) for each in log.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
        log.addHandler(handler)

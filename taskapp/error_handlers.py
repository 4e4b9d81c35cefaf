"""One table from exceptions to statuses, and how an error is shown.

Under /api it is a problem document; elsewhere it is a page.
"""

import logging
import sqlite3
import time
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from marshmallow import ValidationError
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import RequestRedirect

from taskapp import metrics
from taskapp.auth.identity import require_identity
from taskapp.domain import errors
from taskapp.extensions import limiter
from taskapp.idempotency import IDEMPOTENCY_KEY
from taskapp.rest import STATUS_OF, problem
from taskapp.web.blueprint import error_page, send_again_page

log = logging.getLogger("taskapp")

SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not answer to that method; Allow names those that it does.",
    413: "The body is too large.",
}
# What is not in the body; there it is found by a JSON Pointer.
PLACES = {"query": "parameter", "headers": "header"}
RETRY_AFTER_SECONDS = 2
# PostgreSQL's states: a statement or a wait for a lock took too long; a deadlock, or others
# changed the same, again and again; a server that has become a standby; and a full disk.
BUSY = {"57014", "55P03", "40P01", "40001"}
READ_ONLY = "25006"
DISK_FULL = "53100"

Headers = Iterable[tuple[str, str]]


def init_app(app: Flask) -> None:
    """Let the table answer for every exception of an application."""
    app.register_error_handler(errors.DomainError, _domain_error)
    app.register_error_handler(ValidationError, _validation_error)
    app.register_error_handler(RateLimitExceeded, _rate_limit_exceeded)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_busy)
    if not app.debug:  # there the debugger shows it
        app.register_error_handler(Exception, _unexpected_error)


def _show(
    status: int,
    code: str,
    detail: str,
    faults: Iterable[dict[str, str]] = (),
    headers: Headers = (),
) -> Response:
    if request.path.startswith("/api/"):
        return problem(status, code, detail, faults=faults, headers=headers)
    return error_page(status, detail, headers)


def _domain_error(error: errors.DomainError) -> Response:
    faults, headers = [], []
    if isinstance(error, errors.RuleViolation):
        faults = [
            {"pointer": f"/{fault.field}", "code": fault.code, "message": fault.message}
            for fault in error.faults
        ]
    if isinstance(error, errors.KeyReused):
        faults = [{"header": IDEMPOTENCY_KEY, "code": "reused", "message": error.message}]
    if isinstance(error, errors.AuthenticationFailed):
        headers = [("WWW-Authenticate", _challenge(error))]
    if error.code == "login_needed":
        return send_again_page(401)
    return _show(STATUS_OF[type(error)], error.code, error.message, faults, headers)


def _challenge(error: errors.AuthenticationFailed) -> str:
    """What a client may do to be let in (RFC 6750, section 3)."""
    if error.code in ("token_missing", "credentials_wrong"):
        return 'Bearer realm="taskapp"'
    return f'Bearer realm="taskapp", error="invalid_token", error_description="{error.message}"'


def _validation_error(error: ValidationError) -> Response:
    messages = error.messages_dict
    faults = [
        _place(where, path) | _coded(message)
        for where, tree in messages.items()
        for path, message in _leaves(tree)
    ]
    return _show(422, errors.RuleViolation.code, errors.RuleViolation.message, faults)


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(tree, dict):
        for key, below in tree.items():
            # marshmallow files what is wrong with a whole object under a name of its own.
            yield from _leaves(below, path if key == "_schema" else (*path, str(key)))
    else:
        for message in tree:
            yield path, message


def _place(where: str, path: tuple[str, ...]) -> dict[str, str]:
    if where in PLACES:
        return {PLACES[where]: "/".join(path)}
    return {"pointer": "".join(f"/{_escape(part)}" for part in path)}


def _coded(message: str) -> dict[str, str]:
    return {"code": getattr(message, "code", "invalid"), "message": message}


def _escape(part: str) -> str:
    """A member's name in a JSON Pointer (RFC 6901, section 3)."""
    return part.replace("~", "~0").replace("/", "~1").encode(errors="replace").decode()


def _rate_limit_exceeded(error: RateLimitExceeded) -> Response:
    metrics.throttled.inc()
    seconds = error.limit.limit.get_expiry()
    breached = limiter.current_limit
    seconds = max(1, breached.reset_at - int(time.time())) if breached else seconds
    return _show(
        429,
        "too_many_failures",
        f"Too many failures. Try again in {seconds} seconds.",
        headers=[("Retry-After", str(seconds))],
    )


def _http_error(error: HTTPException) -> Response | HTTPException:
    if isinstance(error, RequestRedirect) or error.code is None:
        return error
    status = HTTPStatus(error.code)
    if isinstance(error, SecurityError):
        # For a host that is not ours there are no addresses, so a page of ours cannot be made.
        if not request.path.startswith("/api/"):
            return Response("<!doctype html>\n<p>This host name is not served here.</p>\n", status)
        return problem(status, status.name.lower(), "This host name is not served here.")
    headers = [each for each in error.get_headers() if each[0].lower() != "content-type"]
    # What somebody here wrote about this very request says more than the general sentence.
    own = error.description if error.description != type(error).description else None
    detail = own or SENTENCES.get(status) or error.description or status.phrase
    return _show(status, status.name.lower(), detail, headers=headers)


def _csrf_error(_error: CSRFError) -> Response:
    """Whoever lost the login lost the token with it, and has to hear of the login first."""
    try:
        require_identity()
    except errors.AuthenticationFailed:
        return send_again_page(401)
    except SQLAlchemyError:
        log.warning("nobody can say who has sent a form", exc_info=True)
    return send_again_page(400)


def _database_error(error: DBAPIError) -> Response:
    if isinstance(error, IntegrityError):
        # What the request builds on was removed while it ran: its account, say.
        log.warning("a constraint refused a change", exc_info=error)
        return _domain_error(errors.Conflict())
    state = getattr(error.orig, "sqlstate", None)
    if state in BUSY:
        return _database_busy(error)
    if _is_full(error.orig):
        return _storage_full(error)
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return _database_unreachable(error)
    return _database_unreachable(error) if state == READ_ONLY else _unexpected_error(error)


def _database_busy(error: Exception) -> Response:
    log.error("the database is busy", exc_info=error)
    return _show(
        503,
        "database_busy",
        "The database is busy. Try again shortly.",
        headers=[("Retry-After", str(RETRY_AFTER_SECONDS))],
    )


def _is_full(error: BaseException | None) -> bool:
    """Whether the database has no room left on its disk: what it says of it has a code."""
    code = getattr(error, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", None) == DISK_FULL


def _storage_full(error: Exception) -> Response:
    log.error("the database has no room left", exc_info=error)
    return _show(507, "storage_full", "There is no room left to store anything. It was not done.")


def _database_unreachable(error: Exception) -> Response:
    log.error("the database cannot be reached", exc_info=error)
    return _show(
        503,
        "database_unavailable",
        "The database cannot be reached. Try again shortly.",
        headers=[("Retry-After", str(RETRY_AFTER_SECONDS))],
    )


def _unexpected_error(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return _show(500, "internal_error", "Something went wrong here. Report it with the request id.")

"""Who is calling: a token under /api, a logged-in browser elsewhere.

Every view is closed to anybody else, but for those marked public.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache, wraps
from typing import Any, cast

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_jwt_extended import create_access_token, decode_token
from flask_jwt_extended.exceptions import (
    InvalidHeaderError,
    JWTExtendedException,
    NoAuthorizationError,
    WrongTokenError,
)
from flask_login import UserMixin, current_user, login_user, logout_user
from jwt import decode
from jwt.exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidIssuerError,
    InvalidSignatureError,
    PyJWTError,
)
from marshmallow import ValidationError
from werkzeug import Response as BaseResponse
from werkzeug.exceptions import HTTPException

from taskapp import keys
from taskapp.db import AnyRow, now
from taskapp.domain.actors import Actor, Standing
from taskapp.domain.errors import AuthenticationFailed, DomainError
from taskapp.extensions import CLOCKS_APART, jwt, login_manager, trash_kept
from taskapp.idempotency import IDEMPOTENCY_KEY
from taskapp.openapi import View
from taskapp.rest import answer, dump, read_id, render
from taskapp.schemas.users import UserSchema
from taskapp.services import sessions, standing, trash

# As many tokens are remembered as verified.
TOKENS_KEPT = 4096
_VERIFIED = "taskapp-verified-tokens"

_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")

# The first that fits is told to the client.
_FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (NoAuthorizationError, "token_missing", "Send a token: Authorization: Bearer <token>."),
    (ExpiredSignatureError, "token_expired", "The token has expired; log in again."),
    (ImmatureSignatureError, "token_not_yet_valid", "The token is not valid yet."),
    (InvalidSignatureError, "token_forged", "The token's signature is wrong."),
    (InvalidAlgorithmError, "token_forged", "The token is signed in a way that is not accepted."),
    (InvalidIssuerError, "token_foreign", "The token was issued by somebody else."),
    (WrongTokenError, "token_wrong_type", "The token is no access token that expires."),
    ((DecodeError, InvalidHeaderError), "token_malformed", "The token is malformed."),
)


class Browser(UserMixin):
    """A browser that is logged in: who acts through it, and their account."""

    def __init__(self, actor: Actor, account: AnyRow) -> None:
        """Keep both for the request."""
        self.actor = actor
        self.account = account

    def get_id(self) -> str:
        """What the cookie holds, signed: the login, which can be ended, and not the account."""
        return str(self.actor.session_id)


def init_app(app: Flask) -> None:
    """Close every view that is not marked public."""
    # What a token claims stays so until it expires; whether its account may act does not, and is
    # asked every time.
    app.extensions[_VERIFIED] = lru_cache(maxsize=TOKENS_KEPT)(_verify)
    app.before_request(require_identity)


def require_identity() -> BaseResponse | None:
    """Let the request pass, raise AuthenticationFailed, or lead a browser to the login."""
    endpoint = request.endpoint or ""
    view = current_app.view_functions.get(endpoint)
    if view is None or getattr(view, "is_public", False) or request.method == "OPTIONS":
        return None
    if request.path.startswith("/api/"):
        actor = g.actor = caller()
        # Under a key the answer may be one that is kept already: nothing would be asked.
        if not getattr(view, "asks_itself", False) or IDEMPOTENCY_KEY in request.headers:
            standing.confirm(actor)
        g.user_id = actor.id  # for what lies below this room, and for the log
        return None
    if not current_user.is_authenticated:
        if request.method not in ("GET", "HEAD"):
            # What was typed would be lost on the way to the login.
            raise AuthenticationFailed("You are logged out.", code="login_needed")
        return redirect(url_for("web.show_log_in", next=request.full_path.rstrip("?")))
    g.user_id = current_user.actor.id
    return None


def asks_itself(view: View) -> View:
    """Mark a view whose own first statement asks whether the caller may still act.

    The others are asked for at the door. If it has not come to that statement, it is asked then.
    """

    @wraps(view)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = view(*args, **kwargs)
        except (DomainError, HTTPException, ValidationError):
            standing.confirm(current_actor())
            raise
        standing.confirm(current_actor())
        return answer

    run.asks_itself = True  # type: ignore[attr-defined]
    return cast(View, run)


def caller() -> Actor:
    """Who the request's token speaks for, if they may still act; raise AuthenticationFailed.

    Whether they may is not asked here: see services/standing.py.
    """
    try:
        claims = _read_token()
    except (JWTExtendedException, PyJWTError) as error:
        for kind, code, message in _FAULTS:
            if isinstance(error, kind):
                raise AuthenticationFailed(message, code=code) from None
        raise AuthenticationFailed("The token is not acceptable.", code="token_invalid") from None
    issued_at = datetime.fromtimestamp(claims["iat"], UTC)
    return Actor(read_id(claims["sub"]), through="api", standing=Standing(issued_at, is_sure=False))


def _read_token() -> dict[str, Any]:
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    # It may be written in any case (RFC 9110, 11.1).
    if scheme.lower() != "bearer":
        raise NoAuthorizationError
    if not _TOKEN.fullmatch(token):
        raise InvalidHeaderError
    verified = current_app.extensions[_VERIFIED]
    claims: dict[str, Any] = verified(token, tuple(keys.of_tokens()))
    if claims["exp"] <= time.time() - CLOCKS_APART.total_seconds():
        raise ExpiredSignatureError
    return claims


def _verify(token: str, secrets: tuple[str, ...]) -> dict[str, Any]:
    """What a token claims; whatever else is wrong, its signature fits one of the secrets."""
    g.token_secret = secrets[0]
    try:
        claims: dict[str, Any] = decode_token(token)
    except InvalidSignatureError:
        if len(secrets) == 1:
            raise
        return _verify(token, secrets[1:])
    # The library lets pass a token that never expires, and takes one of no type for an access
    # token.
    told = decode(token, options={"verify_signature": False})
    if told.get("type") != "access" or not {"exp", "iat"} <= told.keys():
        raise WrongTokenError
    return claims


@jwt.decode_key_loader
def _secret_tried(_header: dict[str, Any], _claims: dict[str, Any]) -> str:
    secret: str = g.token_secret
    return secret


def current_actor() -> Actor:
    """Who the request's token speaks for."""
    actor: Actor = g.actor
    return actor


def current_browser() -> Browser:
    """Who is logged in; in a public view, only after asking is_logged_in()."""
    browser: Browser = current_user
    return browser


def is_logged_in() -> bool:
    """Whether the request comes from a browser that is logged in."""
    return bool(current_user.is_authenticated)


def begin_login(user_id: int, *, remember: bool) -> None:
    """Log this browser in, under a session cookie of its own."""
    hours, days = current_app.config["LOGIN_HOURS"], current_app.config["REMEMBER_DAYS"]
    lifetime = timedelta(days=days) if remember else timedelta(hours=hours)
    login = sessions.start(user_id, client=request.user_agent.string, lifetime=lifetime)
    session.clear()  # nothing that was planted before the login lives on
    logout_user()  # nor does the cookie of whoever asked to be remembered here before
    actor, account = sessions.resume(login.id)
    login_user(Browser(actor, account), remember=remember)
    # Whoever runs this may have nothing that runs `flask jobs run`: coming in is often enough.
    trash.expire(actor, keep=trash_kept())


def end_login() -> None:
    """Log this browser out, for good."""
    actor = current_browser().actor
    if actor.session_id is not None:
        sessions.end(actor, actor.session_id)
    logout_user()


@login_manager.user_loader
def _resume(session_id: str) -> Browser | None:
    try:
        return Browser(*sessions.resume(int(session_id)))
    except (AuthenticationFailed, ValueError):
        return None


def issue_token(user_id: int, *, changed_at: datetime | None = None) -> str:
    """An access token for that account, whose credentials were changed last at that instant.

    That may have been on a host whose clock is ahead of ours: the token is issued no earlier.
    """
    claims = {"iat": max(now(), changed_at)} if changed_at else {}
    token: str = create_access_token(identity=str(user_id), additional_claims=claims)
    return token


def answer_token(user: Any) -> Response:
    """An access token for that account, and the account."""
    token = {
        "access_token": issue_token(user.id, changed_at=user.credentials_changed_at),
        "token_type": "bearer",
        "expires_in": current_app.config["ACCESS_TOKEN_SECONDS"],
        "user": render(user, UserSchema),
    }
    return answer(dump(token))

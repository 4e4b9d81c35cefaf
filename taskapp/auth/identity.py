"""Who is calling: a token under /api, a logged-in browser elsewhere.

Every view is closed to anybody else, but for those marked public.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_jwt_extended import create_access_token, get_current_user, verify_jwt_in_request
from flask_jwt_extended.exceptions import (
    InvalidHeaderError,
    JWTExtendedException,
    NoAuthorizationError,
    UserClaimsVerificationError,
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
from werkzeug import Response as BaseResponse

from taskapp import keys
from taskapp.db import AnyRow, now
from taskapp.domain.actors import Actor
from taskapp.domain.errors import AuthenticationFailed
from taskapp.extensions import jwt, login_manager, trash_kept
from taskapp.rest import answer, dump, read_id, render
from taskapp.schemas.users import UserSchema
from taskapp.services import accounts, sessions, trash

_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")

# The first that fits is told to the client.
_FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (NoAuthorizationError, "token_missing", "Send a token: Authorization: Bearer <token>."),
    (ExpiredSignatureError, "token_expired", "The token has expired; log in again."),
    (ImmatureSignatureError, "token_not_yet_valid", "The token is not valid yet."),
    (InvalidSignatureError, "token_forged", "The token's signature is wrong."),
    (InvalidAlgorithmError, "token_forged", "The token is signed in a way that is not accepted."),
    (InvalidIssuerError, "token_foreign", "The token was issued by somebody else."),
    (
        (WrongTokenError, UserClaimsVerificationError),
        "token_wrong_type",
        "The token is no access token that expires.",
    ),
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
    app.before_request(require_identity)


def require_identity() -> BaseResponse | None:
    """Let the request pass, raise AuthenticationFailed, or lead a browser to the login."""
    endpoint = request.endpoint or ""
    view = current_app.view_functions.get(endpoint)
    if view is None or getattr(view, "is_public", False) or request.method == "OPTIONS":
        return None
    if request.path.startswith("/api/"):
        require_token()
        g.user_id = current_actor().id  # for what lies below this room, and for the log
        return None
    if not current_user.is_authenticated:
        if request.method not in ("GET", "HEAD"):
            # What was typed would be lost on the way to the login.
            raise AuthenticationFailed("You are logged out.", code="login_needed")
        return redirect(url_for("web.show_log_in", next=request.full_path.rstrip("?")))
    g.user_id = current_user.actor.id
    return None


def require_token() -> None:
    """Raise AuthenticationFailed unless the request brings a good token."""
    try:
        _read_token()
    except (JWTExtendedException, PyJWTError) as error:
        for kind, code, message in _FAULTS:
            if isinstance(error, kind):
                raise AuthenticationFailed(message, code=code) from None
        raise AuthenticationFailed("The token is not acceptable.", code="token_invalid") from None


def _read_token() -> None:
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer":
        raise NoAuthorizationError
    if not _TOKEN.fullmatch(token):
        raise InvalidHeaderError
    # The scheme may be written in any case (RFC 9110, 11.1); the library knows one spelling.
    request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    _verify(keys.of_tokens())
    # The library takes a token of no type for an access token.
    if "type" not in decode(token, options={"verify_signature": False}):
        raise WrongTokenError


def _verify(secrets: Sequence[str]) -> None:
    """Check the token; whatever else is wrong with it, its signature fits one of the secrets."""
    g.token_secret = secrets[0]
    try:
        verify_jwt_in_request()
    except InvalidSignatureError:
        if len(secrets) == 1:
            raise
        _verify(secrets[1:])


@jwt.decode_key_loader
def _secret_tried(_header: dict[str, Any], _claims: dict[str, Any]) -> str:
    secret: str = g.token_secret
    return secret


def current_actor() -> Actor:
    """Who the request's token speaks for."""
    actor: Actor = get_current_user()
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


@jwt.token_verification_loader
def _is_access_token(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
    # The library lets pass a token that never expires, and any type but its own "refresh".
    return claims.get("type") == "access" and "exp" in claims and "iat" in claims


@jwt.user_lookup_loader
def _load_actor(_header: dict[str, Any], claims: dict[str, Any]) -> Actor:
    issued_at = datetime.fromtimestamp(claims["iat"], UTC)
    return accounts.authenticate(read_id(claims["sub"]), through="api", issued_at=issued_at)

"""Who is calling. Under /api everything wants a token but what is marked public."""

import re
from typing import Any

from flask import Flask, current_app, g, request
from flask_jwt_extended import create_access_token, get_current_user, verify_jwt_in_request
from flask_jwt_extended.exceptions import (
    InvalidHeaderError,
    JWTExtendedException,
    NoAuthorizationError,
    UserClaimsVerificationError,
    UserLookupError,
    WrongTokenError,
)
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

from taskapp.domain.actors import Actor
from taskapp.domain.errors import AuthenticationFailed
from taskapp.extensions import jwt
from taskapp.rest import read_id
from taskapp.services import accounts

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
    (UserLookupError, "account_unavailable", "The token's account is closed or gone."),
    ((DecodeError, InvalidHeaderError), "token_malformed", "The token is malformed."),
)


def init_app(app: Flask) -> None:
    """Close the API."""
    app.before_request(require_token)


def require_token() -> None:
    """Raise AuthenticationFailed unless the request may pass."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or not request.path.startswith("/api/") or request.method == "OPTIONS":
        return
    if getattr(view, "is_public", False):
        return
    try:
        _read_token()
    except (JWTExtendedException, PyJWTError) as error:
        for kind, code, message in _FAULTS:
            if isinstance(error, kind):
                raise AuthenticationFailed(message, code=code) from None
        raise AuthenticationFailed("The token is not acceptable.", code="token_invalid") from None
    g.user_id = current_actor().id  # for the log


def _read_token() -> None:
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer":
        raise NoAuthorizationError
    if not _TOKEN.fullmatch(token):
        raise InvalidHeaderError
    # The scheme may be written in any case (RFC 9110, 11.1); the library knows one spelling.
    request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    verify_jwt_in_request()
    # The library takes a token of no type for an access token.
    if "type" not in decode(token, options={"verify_signature": False}):
        raise WrongTokenError


def current_actor() -> Actor:
    """Who the request's token speaks for; only behind require_token()."""
    actor: Actor = get_current_user()
    return actor


def issue_token(user_id: int) -> str:
    """An access token for that account."""
    token: str = create_access_token(identity=str(user_id))
    return token


@jwt.token_verification_loader
def _is_access_token(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
    # The library lets pass a token that never expires, and any type but its own "refresh".
    return claims.get("type") == "access" and "exp" in claims


@jwt.user_lookup_loader
def _load_actor(_header: dict[str, Any], claims: dict[str, Any]) -> Actor | None:
    try:
        return accounts.authenticate(read_id(claims["sub"]))
    except AuthenticationFailed:
        return None

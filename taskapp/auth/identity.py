"""Who is calling. Under /api everything wants a token but what is marked public."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_jwt_extended import create_access_token, get_current_user, verify_jwt_in_request
from flask_jwt_extended.exceptions import (
    InvalidHeaderError,
    JWTExtendedException,
    NoAuthorizationError,
    UserClaimsVerificationError,
    UserLookupError,
    WrongTokenError,
)
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
from taskapp.rest import answer, dump, render
from taskapp.schemas.users import UserSchema
from taskapp.services import accounts

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
        verify_jwt_in_request()
    except (JWTExtendedException, PyJWTError) as error:
        for kind, code, message in _FAULTS:
            if isinstance(error, kind):
                raise AuthenticationFailed(message, code=code) from None
        raise AuthenticationFailed("The token is not acceptable.", code="token_invalid") from None
    g.user_id = current_actor().id  # for the log


def current_actor() -> Actor:
    """Who the request's token speaks for; only behind require_token()."""
    actor: Actor = get_current_user()
    return actor


def answer_token(user: Any) -> Response:
    """An access token for that account, and the account."""
    token = {
        "access_token": create_access_token(identity=str(user.id)),
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
def _load_actor(_header: dict[str, Any], claims: dict[str, Any]) -> Actor | None:
    subject = str(claims["sub"])
    if not (subject.isascii() and subject.isdigit() and len(subject) < 20):
        return None
    try:
        issued_at = datetime.fromtimestamp(claims["iat"], UTC)
        return accounts.authenticate(int(subject), issued_at=issued_at)
    except AuthenticationFailed:
        return None

"""One's own account as JSON: settings, address, password, browsers logged in, deletion."""

from typing import Any

from flask import Response

from taskapp.auth.identity import answer_token, current_actor
from taskapp.auth.throttle import limit_wrong_passwords
from taskapp.extensions import bcrypt_rounds
from taskapp.openapi import Blueprint
from taskapp.rest import answer, dump, render
from taskapp.schemas.users import (
    ChangeEmailSchema,
    ChangePasswordSchema,
    ConfirmSchema,
    SessionSchema,
    SettingsSchema,
    TokenSchema,
    UserSchema,
)
from taskapp.services import accounts, sessions

bp = Blueprint("account", __name__, url_prefix="/api/auth/me", description="Your own account.")


@bp.route("")
@bp.response(200, UserSchema, example=UserSchema.example)
def show_me() -> Response:
    """Show the account that the token speaks for

    Its id is the one that the paths of your tasks begin with.
    """
    return _answer(accounts.show(current_actor()))


@bp.route("", methods=["PATCH"])
@bp.arguments(SettingsSchema, example=SettingsSchema.example)
@bp.response(200, UserSchema, example=UserSchema.example)
def change_settings(body: dict[str, Any]) -> Response:
    """Change your settings

    Absent members keep their value.
    """
    return _answer(accounts.change_settings(current_actor(), body))


@bp.route("/email", methods=["PUT"])
@limit_wrong_passwords
@bp.arguments(ChangeEmailSchema, example=ChangeEmailSchema.example)
@bp.response(200, UserSchema, example=UserSchema.example)
@bp.alt_response(403, "FORBIDDEN")
@bp.alt_response(409, "CONFLICT")
@bp.alt_response(429, "TOO_MANY_REQUESTS")
def change_email(body: dict[str, str]) -> Response:
    """Change your e-mail address

    A wrong password is 403.
    """
    return _answer(accounts.change_email(current_actor(), **body, rounds=bcrypt_rounds()))


@bp.route("/password", methods=["PUT"])
@limit_wrong_passwords
@bp.arguments(ChangePasswordSchema, example=ChangePasswordSchema.example)
@bp.response(200, TokenSchema, example=TokenSchema.example)
@bp.alt_response(403, "FORBIDDEN")
@bp.alt_response(429, "TOO_MANY_REQUESTS")
def change_password(body: dict[str, str]) -> Response:
    """Change your password

    Every token and every browser's login ends; the answer holds a new token. A wrong password
    is 403.
    """
    actor = current_actor()
    accounts.change_password(actor, **body, rounds=bcrypt_rounds())
    return answer_token(accounts.show(actor))


@bp.route("/delete", methods=["POST"])
@limit_wrong_passwords
@bp.arguments(ConfirmSchema, example=ConfirmSchema.example)
@bp.response(204, description="The account is gone.")
@bp.alt_response(403, "FORBIDDEN")
@bp.alt_response(429, "TOO_MANY_REQUESTS")
def delete_account(body: dict[str, str]) -> Response:
    """Delete your account and all that is yours

    This cannot be undone. A wrong password is 403.
    """
    accounts.delete_own(current_actor(), **body, rounds=bcrypt_rounds())
    return Response(status=204)


@bp.route("/sessions")
@bp.response(200, SessionSchema(many=True), example=[SessionSchema.example])
def list_sessions() -> Response:
    """List the browsers in which you are logged in

    The one used last comes first.
    """
    own = sessions.list_own(current_actor())
    return answer(dump([render(each, SessionSchema) for each in own]))


@bp.route("/sessions/end", methods=["POST"])
@bp.response(204, description="They have ended.")
def end_sessions() -> Response:
    """Log out every browser

    Tokens stay good until they expire.
    """
    sessions.end_others(current_actor())
    return Response(status=204)


@bp.route("/sessions/<id:session_id>", methods=["DELETE"])
@bp.response(204, description="It has ended.")
@bp.alt_response(404, "NOT_FOUND")
def end_session(session_id: int) -> Response:
    """Log out one browser

    It has to log in again at its next request.
    """
    sessions.end(current_actor(), session_id)
    return Response(status=204)


def _answer(user: Any) -> Response:
    return answer(dump(render(user, UserSchema)))

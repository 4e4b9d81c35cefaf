"""Sign up, and log in."""

from flask import Response, url_for

from taskapp.auth.identity import answer_token
from taskapp.auth.throttle import limit_failed_logins, limit_taken_addresses
from taskapp.extensions import bcrypt_rounds
from taskapp.openapi import LOCATION, Blueprint, public
from taskapp.rest import answer, dump, render
from taskapp.schemas.users import LogInSchema, SignUpSchema, TokenSchema, UserSchema
from taskapp.services import accounts

bp = Blueprint("auth", __name__, url_prefix="/api/auth", description="Accounts and tokens.")


@bp.route("/signup", methods=["POST"])
@public
@limit_taken_addresses
@bp.arguments(SignUpSchema, example=SignUpSchema.example)
@bp.response(201, UserSchema, example=UserSchema.example, headers=LOCATION)
@bp.alt_response(409, "CONFLICT")
@bp.alt_response(429, "TOO_MANY_REQUESTS")
def sign_up(body: dict[str, str]) -> Response:
    """Create an account

    One per e-mail address, whatever its case. Log in afterwards for a token.
    """
    user = accounts.sign_up(**body, rounds=bcrypt_rounds())
    return answer(dump(render(user, UserSchema)), 201, location=url_for("account.show_me"))


@bp.route("/login", methods=["POST"])
@public
@limit_failed_logins
@bp.arguments(LogInSchema, example=LogInSchema.example)
@bp.response(200, TokenSchema, example=TokenSchema.example)
@bp.alt_response(401, "UNAUTHORIZED")
@bp.alt_response(429, "TOO_MANY_REQUESTS")
def log_in(body: dict[str, str]) -> Response:
    """Get an access token

    A wrong password, an unknown address and a closed account get the same answer.
    """
    user = accounts.log_in(**body, rounds=bcrypt_rounds())
    return answer_token(user)

"""Sign up, log in, and who am I."""

from flask import Response, current_app, url_for

from taskapp.auth.identity import current_actor, issue_token
from taskapp.auth.throttle import limit_failed_logins, limit_taken_addresses
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
    user = accounts.sign_up(**body, rounds=current_app.config["BCRYPT_ROUNDS"])
    return answer(dump(render(user, UserSchema)), 201, location=url_for("auth.show_me"))


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
    user = accounts.log_in(**body, rounds=current_app.config["BCRYPT_ROUNDS"])
    token = {
        "access_token": issue_token(user.id),
        "token_type": "bearer",
        "expires_in": current_app.config["ACCESS_TOKEN_SECONDS"],
        "user": render(user, UserSchema),
    }
    return answer(dump(token))


@bp.route("/me")
@bp.response(200, UserSchema, example=UserSchema.example)
def show_me() -> Response:
    """Show the account that the token speaks for

    Its id is the one that the paths of your tasks begin with.
    """
    return answer(dump(render(accounts.show(current_actor()), UserSchema)))

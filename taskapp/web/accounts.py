"""Coming in and going out: the front page, sign-up, login, logout."""

from flask import Response, redirect, request, url_for
from werkzeug import Response as BaseResponse

from taskapp.auth.identity import begin_login, end_login, is_logged_in
from taskapp.auth.throttle import limit_failed_logins, limit_taken_addresses
from taskapp.domain.errors import AuthenticationFailed, Conflict, Fault, RuleViolation
from taskapp.extensions import bcrypt_rounds
from taskapp.openapi import public
from taskapp.services import accounts
from taskapp.web.blueprint import back_to, bp, notice, own_path, page
from taskapp.web.forms import LogInForm, SignUpForm


@bp.get("/")
@public
def home() -> BaseResponse:
    """Show what this is, or the tasks of those who know."""
    return redirect(url_for("web.list_tasks")) if is_logged_in() else page("web/home.html")


@bp.get("/signup")
@public
def show_sign_up() -> BaseResponse:
    """Ask for an address and a password."""
    return page("web/sign_up.html", form=SignUpForm())


@bp.post("/signup")
@public
@limit_taken_addresses
def sign_up() -> BaseResponse:
    """Create an account and log its owner in."""
    form = SignUpForm()
    if not form.validate():
        return page("web/sign_up.html", 422, form=form)
    try:
        user = accounts.sign_up(**form.values(), rounds=bcrypt_rounds())
    except RuleViolation as error:
        form.show(*error.faults)
        return page("web/sign_up.html", 422, form=form)
    except Conflict as error:
        form.show(Fault("email", error.code, error.message))
        return page("web/sign_up.html", 409, form=form)
    begin_login(user.id, remember=False)
    return back_to(url_for("web.welcome"))


@bp.get("/login")
@public
def show_log_in() -> BaseResponse:
    """Ask who it is."""
    return page("web/log_in.html", form=LogInForm(), next=own_path(request.args.get("next")))


@bp.post("/login")
@public
@limit_failed_logins
def log_in() -> BaseResponse:
    """Log somebody in, and lead them where they wanted to go."""
    form, next_ = LogInForm(), own_path(request.form.get("next"))
    if not form.validate():
        return page("web/log_in.html", 422, form=form, next=next_)
    given = form.values()
    remember = given.pop("remember")
    try:
        user = accounts.log_in(**given, rounds=bcrypt_rounds())
    except AuthenticationFailed as error:
        form.show(Fault("", error.code, error.message))
        return page("web/log_in.html", 401, form=form, next=next_)
    begin_login(user.id, remember=remember)
    return back_to(next_ or url_for("web.list_tasks"))


@bp.post("/logout")
def log_out() -> BaseResponse:
    """Log this browser out."""
    end_login()
    notice("You are logged out.")
    return back_to(url_for("web.show_log_in"))


@bp.get("/welcome")
def welcome() -> Response:
    """Show somebody new how to start."""
    return page("web/welcome.html")

"""Settings: what one prefers, one's address and password, one's logins, and the end."""

from collections.abc import Callable
from typing import Any

from flask import Response, url_for
from flask_login import logout_user
from werkzeug import Response as BaseResponse

from taskapp import exports
from taskapp.auth.identity import current_browser
from taskapp.auth.throttle import limit_wrong_passwords
from taskapp.domain.errors import Conflict, Fault, PermissionDenied, RuleViolation
from taskapp.extensions import bcrypt_rounds, trash_kept
from taskapp.services import accounts, sessions
from taskapp.web.blueprint import back_to, bp, notice, page
from taskapp.web.forms import ChangeEmailForm, ChangePasswordForm, ConfirmForm, Form, SettingsForm


@bp.get("/settings")
def show_settings() -> Response:
    """Show all that one can choose."""
    return page(
        "web/settings.html", form=SettingsForm(formdata=None, obj=current_browser().account)
    )


@bp.post("/settings")
def change_settings() -> BaseResponse:
    """Keep what was chosen."""
    form = SettingsForm()
    return _do(
        "web/settings.html",
        form,
        lambda: accounts.change_settings(current_browser().actor, form.values()),
        "Your settings are saved.",
    )


@bp.get("/settings/email")
def show_email() -> Response:
    """Ask for another address."""
    return page("web/change_email.html", form=ChangeEmailForm(formdata=None))


@bp.post("/settings/email")
@limit_wrong_passwords
def change_email() -> BaseResponse:
    """Change one's address."""
    form = ChangeEmailForm()
    return _do(
        "web/change_email.html",
        form,
        lambda: accounts.change_email(
            current_browser().actor, **form.values(), rounds=bcrypt_rounds()
        ),
        "Your e-mail address is changed.",
    )


@bp.get("/settings/password")
def show_password() -> Response:
    """Ask for another password."""
    return page("web/change_password.html", form=ChangePasswordForm(formdata=None))


@bp.post("/settings/password")
@limit_wrong_passwords
def change_password() -> BaseResponse:
    """Change one's password, which logs every other browser out."""
    form = ChangePasswordForm()
    return _do(
        "web/change_password.html",
        form,
        lambda: accounts.change_password(
            current_browser().actor, **form.values(), rounds=bcrypt_rounds()
        ),
        "Your password is changed, and every other browser is logged out.",
    )


@bp.get("/settings/sessions")
def list_sessions() -> Response:
    """Show in which browsers one is logged in."""
    actor = current_browser().actor
    return page("web/sessions.html", sessions=sessions.list_own(actor), current_id=actor.session_id)


@bp.post("/settings/sessions/<id:session_id>/end")
def end_session(session_id: int) -> BaseResponse:
    """Log one browser out."""
    sessions.end(current_browser().actor, session_id)
    notice("That browser is logged out.")
    return back_to(url_for("web.list_sessions"))


@bp.post("/settings/sessions/end")
def end_other_sessions() -> BaseResponse:
    """Log every other browser out."""
    sessions.end_others(current_browser().actor)
    notice("Every other browser is logged out.")
    return back_to(url_for("web.list_sessions"))


@bp.get("/settings/export")
def download_export() -> Response:
    """Hand over all that one has, as a file."""
    return exports.download(current_browser().actor, keep=trash_kept())


@bp.get("/settings/delete")
def show_delete() -> Response:
    """Ask whether the account is really to go."""
    return page("web/delete_account.html", form=ConfirmForm(formdata=None))


@bp.post("/settings/delete")
@limit_wrong_passwords
def delete_account() -> BaseResponse:
    """Delete one's account and all that is in it."""
    form = ConfirmForm()

    def delete() -> None:
        accounts.delete_own(current_browser().actor, **form.values(), rounds=bcrypt_rounds())
        logout_user()

    return _do("web/delete_account.html", form, delete, "Your account is deleted.", "web.home")


def _do(
    template: str,
    form: Form,
    change: Callable[[], Any],
    done: str,
    after: str = "web.show_settings",
) -> BaseResponse:
    """Change something as a form says, or show the form again with what is wrong."""
    status = 422
    try:
        if form.validate():
            change()
            notice(done)
            return back_to(url_for(after))
    except RuleViolation as error:
        form.show(*error.faults)
    except PermissionDenied as error:
        status = 403
        form.show(Fault("current_password", error.code, error.message))
    except Conflict as error:
        status = 409
        form.show(Fault("email", error.code, error.message))
    return page(template, status, form=form)

"""The blueprint of the pages: where they live, their policy, and what templates know."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from sqlalchemy.exc import SQLAlchemyError
from werkzeug import Response as BaseResponse

from taskapp.auth.identity import current_browser, is_logged_in
from taskapp.services import glance, tasks
from taskapp.services.filters import Filter
from taskapp.services.glance import Overview
from taskapp.services.tasks import Counts
from taskapp.web import assets, days, filters
from taskapp.web.addresses import url_for

bp = Blueprint("web", __name__, template_folder="templates")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

HEADINGS = {
    400: "This makes no sense here",
    403: "This is not yours",
    404: "There is nothing here",
    405: "This cannot be done here",
    413: "This is too much",
    429: "Not so fast",
    500: "Something broke",
    503: "Out of reach for a moment",
}
# Fields that people fill in with words of their own.
TYPED = ("title", "description", "email", "q")

filters.add_to(bp)
bp.add_app_template_global(assets.url_of, "asset")
bp.add_app_template_global(url_for)


@bp.app_template_global()
def here() -> str:
    """The address of the page, for coming back to it."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return own_path(request.form.get("back")) or url_for("web.list_tasks")


@bp.app_template_global()
def overview() -> Overview:
    """The projects, labels and counts of the one who is logged in, asked for once a request."""
    if "overview" not in g:
        g.overview = _overview()
    known: Overview = g.overview
    return known


def counts(filter_: Filter) -> Counts:
    """How many tasks a filter lets through; asked for along with the overview, if that is not yet.

    So a page of a list sends a statement less.
    """
    if "overview" not in g:
        g.overview = _overview(filter_)
        found: Counts | None = g.overview.counts
        if found:
            return found
    return tasks.count(current_browser().actor, filter_)


def _overview(counted: Filter | None = None) -> Overview:
    if g.get("is_broken"):
        return Overview()  # the database may be what is broken
    try:
        return glance.look(current_browser().actor, days.today(), counted)
    except SQLAlchemyError:
        if g.get("is_error"):
            return Overview()
        raise


@bp.app_context_processor
def _what_pages_know() -> dict[str, Any]:
    if g.get("is_broken") and "user_id" not in g:
        return {"account": None}  # the database may be what is broken: it is not asked again
    try:
        return {"account": current_browser().account if is_logged_in() else None}
    except SQLAlchemyError:
        if g.get("is_error"):
            return {"account": None}
        raise


def page(template: str, status: int = 200, **context: Any) -> Response:
    """A page; only its content when a script asks, which has the frame already.

    The script sends X-Fragment, so a cache must tell the two answers apart.
    """
    layout = "web/fragment.html" if "X-Fragment" in request.headers else "web/base.html"
    # What many templates draw with; to be imported by each, as templates can, costs each anew.
    ui = current_app.jinja_env.get_template("web/_macros.html").module
    response = make_response(render_template(template, layout=layout, ui=ui, **context), status)
    response.headers["Content-Security-Policy"] = CSP
    response.vary.add("X-Fragment")
    return response


def error_page(status: int, detail: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """A page that says what went wrong, with the request's id."""
    g.is_error, g.is_broken = True, status >= 500
    request_id = g.get("request_id", "")
    known = {"heading": HEADINGS.get(status, HTTPStatus(status).phrase), "number": status}
    response = page("web/error.html", status, detail=detail, request_id=request_id, **known)
    response.headers.extend(list(headers))
    return response


def send_again_page(status: int) -> Response:
    """A form that came too late, to be sent again with what was typed; passwords anew.

    401 is for one whose login has ended or is lost, 400 for one that was open for too long. What
    another site has sent is not offered again, and must not change the session.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return error_page(400, "Another site has sent this form. Nothing was changed.")
    g.is_error = True
    fields = [each for each in request.form.items(multi=True) if each[0] != "csrf_token"]
    typed = [each for each in fields if each[0] in TYPED and each[1]]
    return page("web/send_again.html", status, fields=fields, typed=typed, logged_out=status == 401)


def notice(text: str, *, undoable: bool = False, link: str | None = None) -> None:
    """Tell something on the next page, with a way to undo what was just done, or to see it."""
    acts = current_browser().actor.acts if undoable else []
    undo = acts[-1] if acts else None
    flash({"text": text, "undo": undo, "link": link})  # type: ignore[arg-type] # it keeps any JSON


def own_path(path: str | None) -> str:
    """A path of this site, or nothing: an address elsewhere would lead people astray."""
    plain = path is not None and path.startswith("/") and path.isprintable()
    # Browsers read "//host" and "/\\host" as another host.
    return path if path and plain and not path.startswith(("//", "/\\")) else ""


def back_to(url: str) -> BaseResponse:
    """After a POST, lead to a page with GET."""
    return redirect(url, 303)

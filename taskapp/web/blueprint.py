"""The blueprint of the pages: where they live, their policy, and what templates know."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request
from werkzeug import Response as BaseResponse

from taskapp.auth.identity import current_browser, is_logged_in
from taskapp.services.bulk import Done
from taskapp.web import assets, filters

bp = Blueprint("web", __name__, template_folder="templates")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

filters.add_to(bp)
bp.add_app_template_global(assets.url_of, "asset")


@bp.app_context_processor
def _what_pages_know() -> dict[str, Any]:
    return {"account": current_browser().account if is_logged_in() else None}


def page(template: str, status: int = 200, **context: Any) -> Response:
    """A page; only its content when a script asks, which has the frame already.

    The script sends X-Fragment, so a cache must tell the two answers apart.
    """
    layout = "web/fragment.html" if "X-Fragment" in request.headers else "web/base.html"
    response = make_response(render_template(template, layout=layout, **context), status)
    response.headers["Content-Security-Policy"] = CSP
    response.vary.add("X-Fragment")
    return response


def error_page(status: int, detail: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """A page that says what went wrong, with the request's id."""
    request_id = g.get("request_id", "")
    response = page("web/error.html", status, status=status, detail=detail, request_id=request_id)
    response.headers.extend(list(headers))
    return response


def notice(text: str, done: Done | None = None) -> None:
    """Tell something on the next page, with a way to undo what was done."""
    undo = {"act": done.act, "moment": done.moment.isoformat()} if done and done.count else None
    flash({"text": text, "undo": undo})


def own_path(path: str | None) -> str:
    """A path of this site, or nothing: an address elsewhere would lead people astray."""
    plain = path is not None and path.startswith("/") and path.isprintable()
    # Browsers read "//host" and "/\\host" as another host.
    return path if path and plain and not path.startswith(("//", "/\\")) else ""


def back_to(url: str) -> BaseResponse:
    """After a POST, lead to a page with GET."""
    return redirect(url, 303)

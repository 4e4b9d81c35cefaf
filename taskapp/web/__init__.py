"""The HTML door: pages and forms for people with a browser."""

from collections.abc import Iterable

from flask import Blueprint, Response, g, redirect, render_template, url_for
from werkzeug import Response as WerkzeugResponse

bp = Blueprint(
    "web", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
)

CSP_OWN = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@bp.route("/")
def home() -> WerkzeugResponse:
    """Lead to the API's documentation."""
    return redirect(url_for("docs.swagger"))


def error_page(status: int, detail: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """A page that says what went wrong, with the request's id."""
    page = render_template(
        "web/error.html", status=status, detail=detail, request_id=g.get("request_id", "")
    )
    response = Response(page, status)
    response.headers.extend(list(headers))
    response.headers["Content-Security-Policy"] = CSP_OWN
    return response

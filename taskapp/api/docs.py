"""The documentation: the OpenAPI document, Swagger UI and ReDoc, all served from here.

The scripts are files of the package `offapi`. It is found without importing it, which would load
the scripts into memory.
"""

import gzip
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    make_response,
    render_template,
    request,
    send_from_directory,
)
from werkzeug.exceptions import NotFound

from taskapp.extensions import api
from taskapp.extensions import cache as documents
from taskapp.openapi import public
from taskapp.rest import answer, dump

bp = Blueprint(
    "docs",
    __name__,
    url_prefix="/api",
    template_folder="templates",
)

PACKAGE = Path(__file__).parents[1]
VENDORED = ("swagger_bundle.js", "swagger_style.css", "redoc.js")
_YEAR = 31_536_000

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
CSP_SWAGGER = _CSP.format(style="")
# ReDoc makes an empty style element first, and then fills it through the style sheet's own
# interface: the hash is that of the empty text.
CSP_REDOC = _CSP.format(style=" 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='")


@bp.route("/openapi.json")
@public
def openapi() -> Response:
    """The document."""
    packed = _document()
    tag = hashlib.blake2b(packed, digest_size=16).hexdigest()
    if request.accept_encodings["gzip"]:
        response = answer(packed, etag=f"{tag}:gzip")
        response.content_encoding = "gzip"
    else:
        response = answer(gzip.decompress(packed), etag=tag)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _document() -> bytes:
    """The document, packed: that takes far longer than making it, and it changes with a release."""
    name = f"openapi {release()}"
    kept: bytes | None = documents.get(name)
    if kept is None:
        kept = gzip.compress(dump(api.spec.to_dict()), mtime=0)
        documents.set(name, kept)
    return kept


@cache
def release() -> str:
    """Changes with any of the program's files: hosts that share a cache may be of two releases."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(PACKAGE.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@bp.route("/docs")
@public
def swagger() -> Response:
    """Swagger UI."""
    return _page("api/swagger.html", CSP_SWAGGER)


@bp.route("/redoc")
@public
def redoc() -> Response:
    """ReDoc."""
    return _page("api/redoc.html", CSP_REDOC)


@bp.route("/docs/vendor/<release>/<name>")
@public
def vendor(release: str, name: str) -> Response:
    """A file of Swagger UI or ReDoc. The release in its path lets it be kept for a year."""
    if name not in VENDORED or release != vendor_version():
        raise NotFound
    return send_from_directory(vendor_folder(), name, max_age=_YEAR)


@bp.route("/docs/static/<name>")
@public
def own(name: str) -> Response:
    """A file of these pages' own."""
    return send_from_directory(Path(__file__).with_name("static"), name)


@cache
def vendor_folder() -> Path:
    """Where the package's files are."""
    spec = find_spec("offapi")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package offapi is not installed")
    return Path(spec.submodule_search_locations[0])


@cache
def vendor_version() -> str:
    """The package's version."""
    return version("offapi")


def _page(template: str, policy: str) -> Response:
    response = make_response(render_template(template, vendor_version=vendor_version()))
    response.headers["Content-Security-Policy"] = policy
    return response

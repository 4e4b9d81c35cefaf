"""How the JSON doors read requests and write answers, the same for every resource."""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from http import HTTPStatus
from operator import itemgetter
from typing import Any, NoReturn
from urllib.parse import quote

import orjson
from flask import Request, Response, g, request
from marshmallow import Schema as MarshmallowSchema
from marshmallow import ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.routing import IntegerConverter

from taskapp.db import AnyRow
from taskapp.domain import errors
from taskapp.schemas.base import ID_MOST, Schema

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
PROBLEM = "application/problem+json"

# What a refusal of the domain is in HTTP.
STATUS_OF: dict[type[errors.DomainError], int] = {
    errors.AuthenticationFailed: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Forgotten: 410,
    errors.StaleVersion: 412,
    errors.KeyReused: 422,
    errors.RuleViolation: 422,
}

_DIGITS = re.compile("[0-9]{1,19}")


class IdConverter(IntegerConverter):
    """An id in a path."""

    def to_python(self, value: str) -> int:
        """Read the digits, however many there are."""
        return read_id(value)


def read_id(digits: str) -> int:
    """The id that digits stand for; 0, which is nobody's, for what 64 bits do not hold."""
    if not _DIGITS.fullmatch(digits):
        return 0
    return number if (number := int(digits)) <= ID_MOST else 0


class Parser(FlaskParser):
    """Reads bodies and queries strictly, and leaves what is wrong to the error table."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": "raise"}

    def load_json(self, req: Request, schema: MarshmallowSchema) -> Any:
        """The body as JSON; for a request without one, what the schema says it stands for."""
        body = req.get_data()
        if len(body) < (req.content_length or 0):
            raise BadRequest("The body is shorter than its Content-Length.")
        if not body and isinstance(schema, Schema) and schema.without_body is not None:
            return schema.without_body
        if req.mimetype != JSON and not (req.method == "PATCH" and req.mimetype == MERGE_PATCH):
            raise UnsupportedMediaType(f"Send the body as {JSON}.")
        return parse_json(body)

    def load_querystring(self, req: Request, schema: MarshmallowSchema) -> dict[str, str]:
        """The query; of what is said twice, what is said first."""
        return req.args.to_dict()

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Raise what the schema raised."""
        raise error


def parse_json(body: bytes) -> Any:
    """The value that a JSON text in UTF-8 stands for (RFC 8259); raise BadRequest."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise BadRequest(f"The body is not JSON: {reason}.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def answer(
    body: bytes, status: int = 200, *, etag: str | None = None, location: str | None = None
) -> Response:
    """A JSON answer; 304 without a body when `etag` is what the client has already."""
    response = Response(body, status, content_type=JSON)
    if location:
        response.headers["Location"] = location
    if etag:
        response.set_etag(etag)
        # Not make_conditional(): it would heed If-Match on a GET too, with 412 and a body.
        if request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(etag):
            response.status_code = 304
            response.set_data(b"")
    return response


def dump(data: Any) -> bytes:
    """JSON as this API writes it: instants in UTC with a Z, a line break at the end."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def render(thing: Any, schema: type[Schema]) -> dict[str, Any]:
    """The members that an output schema documents, straight from a model or a row.

    marshmallow's own dump would take ten times as long; a test holds the two equal.
    """
    return {name: getattr(thing, name) for name in schema._declared_fields}


def render_all(rows: Sequence[AnyRow], schema: type[Schema]) -> list[dict[str, Any]]:
    """The same of rows of one query, whose columns are looked up by name once."""
    names = tuple(schema._declared_fields)
    if not rows:
        return []
    pick = itemgetter(*map(rows[0]._fields.index, names))
    return [dict(zip(names, pick(row), strict=True)) for row in rows]


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    faults: Iterable[dict[str, str]] = (),
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """An error (RFC 9457)."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": quote(request.path, safe="/:@!$&'()*+,;=~"),
        "code": code,
        "request_id": g.get("request_id", ""),
    }
    if errors := list(faults):
        body["errors"] = errors
    response = Response(dump(body), status, content_type=PROBLEM)
    response.headers.extend(list(headers))
    return response


def versions_seen() -> Collection[int] | None:
    """The versions that If-Match names (RFC 9110, 13.1.1); None when any will do."""
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    # What follows a full stop tells of what is below the thing, which is not what changes.
    return {read_id((tag or "").partition(".")[0]) for tag in request.if_match.as_set()}

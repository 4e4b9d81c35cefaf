"""Resources below /api/{user_id}, which are closed to everybody but that user."""

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from taskapp import cursors
from taskapp.auth.identity import current_actor
from taskapp.domain.errors import PermissionDenied
from taskapp.openapi import Blueprint
from taskapp.rest import answer, dump, render
from taskapp.schemas.base import Schema
from taskapp.services.paging import Page

LINK = {"Link": {"schema": {"type": "string"}, "description": 'The next page, as rel="next".'}}


class OwnBlueprint(Blueprint):
    """Operations on what one user has."""

    def __init__(
        self, name: str, import_name: str, description: str, *, resource: str | None = None
    ) -> None:
        """Name a resource, and with it its path; or the resource that it is about."""
        prefix = f"/api/<id:user_id>/{resource or name}"
        super().__init__(name, import_name, url_prefix=prefix, description=description)
        self.url_value_preprocessor(_take_user_id)
        self.before_request(_refuse_other_accounts)
        self.after_request(_name_act)


def _take_user_id(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.path_user_id = (values or {}).pop("user_id", None)


def _refuse_other_accounts() -> None:
    # OPTIONS, which tells nothing, comes without a token when a browser asks before it calls.
    if request.method != "OPTIONS" and g.path_user_id != current_actor().id:
        raise PermissionDenied


def _name_act(response: Response) -> Response:
    # Only of what was done: a refusal takes everything back.
    if response.status_code < 400 and "user_id" in g:
        acts = current_actor().acts
        if acts:
            response.headers["X-Act-ID"] = str(acts[-1])
    return response


def answer_one(
    row: Any, schema: type[Schema], status: int = 200, *, location: str | None = None
) -> Response:
    """One thing that has a version, which its ETag names."""
    return answer(dump(render(row, schema)), status, etag=str(row.version), location=location)


def answer_all(rows: Iterable[Any], schema: type[Schema]) -> Response:
    """A whole list, which is short."""
    body = dump([render(row, schema) for row in rows])
    return answer(body, etag=hashlib.blake2b(body, digest_size=16).hexdigest())


def place_of(query: dict[str, Any], *scope: Any) -> dict[str, Any]:
    """A query in which the cursor, if any, has become the place after which to go on."""
    cursor = query.pop("cursor", None)
    return query if cursor is None else query | {"after": cursors.unseal(cursor, *scope)}


def answer_page(page: Page, schema: type[Schema], *scope: Any) -> Response:
    """A page of a list, with a link to the next; the cursor there opens with that scope only."""
    body = dump([render(row, schema) for row in page.rows])
    link = _link_to_next(cursors.seal(page.end, *scope)) if page.end else ""
    etag = hashlib.blake2b(body + link.encode(), digest_size=16).hexdigest()
    response = answer(body, etag=etag)
    if link:
        response.headers["Link"] = link
    return response


def _link_to_next(cursor: str) -> str:
    """The value of a Link header (RFC 8288): this request with another cursor."""
    query = request.args.to_dict() | {"cursor": cursor}
    return f'<{request.script_root}{request.path}?{urlencode(query)}>; rel="next"'

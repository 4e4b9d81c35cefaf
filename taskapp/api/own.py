"""Resources below /api/{user_id}, which are closed to everybody but that user."""

import hashlib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from taskapp import cursors
from taskapp.auth.identity import current_actor
from taskapp.domain.errors import PermissionDenied
from taskapp.idempotency import ACT_ID
from taskapp.openapi import Blueprint, names_act
from taskapp.rest import answer, dump, render, render_all
from taskapp.schemas.base import Schema
from taskapp.services import standing
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

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        *args: Any,
        **options: Any,
    ) -> None:
        """Take what any blueprint takes; the answer to what changes something names its act."""
        if set(options.get("methods") or ()) - {"GET"}:
            # Within what keeps answers under an Idempotency-Key, so that a replay names it too.
            view_func = names_act(_naming_act(view_func))
        super().add_url_rule(rule, endpoint, view_func, *args, **options)


def _take_user_id(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.path_user_id = (values or {}).pop("user_id", None)


def _refuse_other_accounts() -> None:
    # OPTIONS, which tells nothing, comes without a token when a browser asks before it calls.
    if request.method != "OPTIONS" and g.path_user_id != current_actor().id:
        standing.confirm(current_actor())  # what else is wrong is told first
        raise PermissionDenied


def _naming_act(view: Callable[..., Response]) -> Callable[..., Response]:
    """A view whose answer bears the id of what it did, if it did anything."""

    @wraps(view)
    def run(*args: Any, **kwargs: Any) -> Response:
        response = view(*args, **kwargs)
        if acts := current_actor().acts:
            response.headers[ACT_ID] = str(acts[-1])
        return response

    return run


def answer_one(
    row: Any, schema: type[Schema], status: int = 200, *, location: str | None = None
) -> Response:
    """One thing that has a version, which its ETag names."""
    return answer(dump(render(row, schema)), status, etag=str(row.version), location=location)


def answer_all(rows: Sequence[Any], schema: type[Schema]) -> Response:
    """A whole list, which is short."""
    body = dump(render_all(rows, schema))
    return answer(body, etag=hashlib.blake2b(body, digest_size=16).hexdigest())


def place_of(query: dict[str, Any], *scope: Any) -> dict[str, Any]:
    """A query in which the cursor, if any, has become the place after which to go on."""
    cursor = query.pop("cursor", None)
    return query if cursor is None else query | {"after": cursors.unseal(cursor, *scope)}


def answer_page(page: Page, schema: type[Schema], *scope: Any) -> Response:
    """A page of a list, with a link to the next; the cursor there opens with that scope only."""
    body = dump(render_all(page.rows, schema))
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

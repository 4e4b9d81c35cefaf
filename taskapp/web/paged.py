"""Lists that go on: where the address says to, and the link to what follows."""

from typing import Any

from flask import request, url_for
from marshmallow import ValidationError

from taskapp import cursors
from taskapp.services.paging import Page, Position


def place(*scope: Any) -> Position | None:
    """Where the address says to go on; a cursor that does not fit begins the list again."""
    try:
        return cursors.unseal(request.args["cursor"], *scope) if "cursor" in request.args else None
    except ValidationError:
        return None


def more(found: Page, scope: list[Any], endpoint: str, **values: Any) -> str | None:
    """The address of what follows a page, while there is more."""
    if found.end is None:
        return None
    return url_for(endpoint, cursor=cursors.seal(found.end, *scope), **values)

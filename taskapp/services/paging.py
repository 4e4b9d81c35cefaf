"""Pages of a list by keyset: from a place in an order onwards, never by counting rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, tuple_

from taskapp.db import AnyRow, fetch

# The place of a row in an order: what it is ordered by, and its id, which breaks ties.
Position = tuple[str | datetime, int]


@dataclass(frozen=True)
class Page:
    """A stretch of a list, and the place after which the next begins, while there is more."""

    rows: Sequence[AnyRow]
    end: Position | None


def take(
    query: Select[*tuple[Any, ...]],
    key: ColumnElement[Any],
    id_: ColumnElement[int],
    *,
    backwards: bool,
    limit: int,
    after: Position | None,
) -> Page:
    """The first `limit` rows of a query in the order of `key`, those after a place in it.

    A place holds whatever is added or removed meanwhile: nothing is shown twice or left out, but
    for rows whose own place in that order has changed.
    """
    place = tuple_(key, id_)
    if after is not None:
        query = query.where(place < after if backwards else place > after)
    order = [key.desc(), id_.desc()] if backwards else [key, id_]
    # One more than asked for tells whether there is more.
    found = fetch(query.add_columns(key.label("sort_key")).order_by(*order).limit(limit + 1))
    more, rows = len(found) > limit, found[:limit]
    return Page(rows, (rows[-1].sort_key, rows[-1].id) if more else None)

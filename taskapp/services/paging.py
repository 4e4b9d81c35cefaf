"""Pages of a list by keyset: from a place in an order onwards, never by counting rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, tuple_, union_all

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
    return _page(fetch(_stretch(query, key, id_, backwards, limit)), limit)


def take_each(
    queries: Sequence[Select[*tuple[Any, ...]]],
    key: ColumnElement[Any],
    id_: ColumnElement[int],
    *,
    backwards: bool,
    limit: int,
) -> list[Page]:
    """The first rows of each of some queries, as take() gives them, in one statement."""
    parts = [
        select(
            _stretch(query, key, id_, backwards, limit).subquery(), literal(number).label("part")
        )
        for number, query in enumerate(queries)
    ]
    all_ = union_all(*parts).subquery()
    order = (
        [all_.c.sort_key.desc(), all_.c.id.desc()] if backwards else [all_.c.sort_key, all_.c.id]
    )
    found: list[list[AnyRow]] = [[] for _ in queries]
    for row in fetch(select(all_).order_by(all_.c.part, *order)):
        found[row.part].append(row)
    return [_page(rows, limit) for rows in found]


def _stretch(
    query: Select[*tuple[Any, ...]],
    key: ColumnElement[Any],
    id_: ColumnElement[int],
    backwards: bool,
    limit: int,
) -> Select[*tuple[Any, ...]]:
    order = [key.desc(), id_.desc()] if backwards else [key, id_]
    # One more than asked for tells whether there is more.
    return query.add_columns(key.label("sort_key")).order_by(*order).limit(limit + 1)


def _page(found: Sequence[AnyRow], limit: int) -> Page:
    more, rows = len(found) > limit, found[:limit]
    return Page(rows, (rows[-1].sort_key, rows[-1].id) if more else None)

"""Pages of a list by keyset: from a place in an order onwards, never by counting rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)

from taskapp.db import AnyRow, fetch

# The place of a row in an order: what it is ordered by, and its id, which breaks ties.
Position = tuple[str | datetime, int]
# Its parts, as parameters of a statement.
_KEY, _ID = "after_key", "after_id"


@dataclass(frozen=True)
class Page:
    """A stretch of a list, and the place after which the next begins, while there is more."""

    rows: Sequence[AnyRow]
    end: Position | None


def stretch(
    query: Select[*tuple[Any, ...]],
    key: ColumnElement[Any],
    id_: ColumnElement[int],
    *,
    backwards: bool,
    limit: int,
    goes_on: bool = False,
) -> Select[*tuple[Any, ...]]:
    """What finds the first `limit` rows of a query in the order of `key`; page() makes a page.

    One that goes on begins behind a place, which place() gives it. A place holds whatever is added
    or removed meanwhile: nothing is shown twice or left out, but for rows whose own place in that
    order has changed.
    """
    if goes_on:
        after = tuple_(bindparam(_KEY, type_=key.type), bindparam(_ID, type_=id_.type))
        query = query.where(tuple_(key, id_) < after if backwards else tuple_(key, id_) > after)
    order = [key.desc(), id_.desc()] if backwards else [key, id_]
    return query.add_columns(key.label("sort_key")).order_by(*order).limit(one_more(limit))


def one_more(limit: int) -> ColumnElement[int]:
    """A limit with a row more than asked for, which tells whether there is more.

    It is no parameter: a server that plans a statement for good would not know that only a few
    rows are wanted.
    """
    return literal_column(str(int(limit) + 1))


def take(
    query: Select[*tuple[Any, ...]],
    key: ColumnElement[Any],
    id_: ColumnElement[int],
    *,
    backwards: bool,
    limit: int,
    after: Position | None,
) -> Page:
    """The page of a query's rows, in the order of `key`, that begins behind a place."""
    goes_on = after is not None
    some = stretch(query, key, id_, backwards=backwards, limit=limit, goes_on=goes_on)
    return page(fetch(some, place(after)), limit)


def place(after: Position | None) -> dict[str, Any]:
    """The parameters of a stretch that begins behind a place, if it does."""
    return {} if after is None else {_KEY: after[0], _ID: after[1]}


def page(found: Sequence[AnyRow], limit: int) -> Page:
    """What a stretch has found."""
    more, rows = len(found) > limit, found[:limit]
    return Page(rows, (rows[-1].sort_key, rows[-1].id) if more else None)


def stretches(
    queries: Sequence[Select[*tuple[Any, ...]]],
    key: ColumnElement[Any],
    id_: ColumnElement[int],
    *,
    backwards: bool,
    limit: int,
) -> Select[*tuple[Any, ...]]:
    """What finds the first `limit` rows of each of some queries; pages() makes pages."""
    parts = [
        select(
            stretch(query, key, id_, backwards=backwards, limit=limit).subquery(),
            literal(number).label("part"),
        )
        for number, query in enumerate(queries)
    ]
    all_ = union_all(*parts).subquery()
    order = (
        [all_.c.sort_key.desc(), all_.c.id.desc()] if backwards else [all_.c.sort_key, all_.c.id]
    )
    return select(all_).order_by(all_.c.part, *order)


def pages(found: Sequence[AnyRow], number: int, limit: int) -> list[Page]:
    """What so many stretches have found."""
    parts: list[list[AnyRow]] = [[] for _ in range(number)]
    for row in found:
        parts[row.part].append(row)
    return [page(rows, limit) for rows in parts]

"""Cursors: a place in one person's list, sealed so that it cannot be read wrong or made up."""

from datetime import datetime
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from marshmallow import ValidationError

from taskapp import keys
from taskapp.schemas.base import Coded
from taskapp.services.paging import Position


def seal(place: Position, *scope: Any) -> str:
    """A cursor for a place; it opens only with the same scope: whose list, which filter, order."""
    key, task_id = place
    instant = isinstance(key, datetime)
    text = key.isoformat() if isinstance(key, datetime) else key
    return _sealer().dumps([*scope, instant, text, task_id])


def unseal(cursor: str, *scope: Any) -> Position:
    """The place that seal() was given; raise ValidationError for anything else."""
    try:
        *sealed, instant, key, task_id = _sealer().loads(cursor)
    except BadData:
        sealed = []
    if sealed != list(scope):
        message = Coded("Is not from a page of this list; begin again without it.", "cursor")
        raise ValidationError({"query": {"cursor": [message]}})
    return datetime.fromisoformat(key) if instant else key, task_id


def _sealer() -> URLSafeSerializer:
    # The last one signs.
    return URLSafeSerializer(list(reversed(keys.of_sessions())), salt="taskapp.cursor")

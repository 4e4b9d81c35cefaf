"""What things are called that the history, or another thing, speaks of."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from taskapp.db import AnyRow, fetch
from taskapp.domain.actors import Actor
from taskapp.models import Event
from taskapp.services.records import TABLES, Kind, batches

# What events tell of other things by their ids.
_REFERENCES: dict[str, Kind] = {
    "project_id": "project",
    "section_id": "section",
    "parent_id": "task",
}


def of(actor: Actor, events: Sequence[AnyRow]) -> dict[tuple[str, int], str]:
    """What all that events speak of is called now, or was when it was removed for good."""
    wanted: dict[Kind, set[int]] = {"task": set(), "project": set(), "section": set()}
    wanted["label"] = set()
    for event in events:
        wanted[event.kind].add(event.thing_id)
        for kind, id_ in _referred(event):
            wanted[kind].add(id_)
    found: dict[tuple[str, int], str] = {}
    for kind, ids in wanted.items():
        for batch in batches(sorted(ids)):
            found |= _named(actor, kind, batch)
        for batch in batches(sorted(id_ for id_ in ids if (kind, id_) not in found)):
            found |= _removed(actor, kind, batch)
    return found


def of_parents(actor: Actor, tasks: Iterable[AnyRow]) -> dict[int, str]:
    """What the tasks are called that these are right below."""
    ids = sorted({task.parent_id for task in tasks if task.parent_id})
    titles = [_named(actor, "task", batch) for batch in batches(ids)]
    return {id_: title for some in titles for (_, id_), title in some.items()}


def _referred(event: AnyRow) -> Iterable[tuple[Kind, int]]:
    for values in (event.before, event.after):
        for field, kind in _REFERENCES.items():
            if values.get(field):
                yield kind, values[field]
        for id_ in values.get("labels") or ():
            yield "label", id_


def _named(actor: Actor, kind: Kind, ids: Sequence[int]) -> dict[tuple[str, int], str]:
    columns = TABLES[kind].c
    word: Any = columns[_word(kind)]
    query = select(columns.id, word.label("word")).where(columns.user_id == actor.id)
    return {(kind, row.id): row.word for row in fetch(query.where(columns.id.in_(ids)))}


def _removed(actor: Actor, kind: Kind, ids: Sequence[int]) -> dict[tuple[str, int], str]:
    query = select(Event.thing_id, Event.before).where(
        Event.user_id == actor.id,
        Event.kind == kind,
        Event.thing_id.in_(ids),
        Event.verb == "removed",
    )
    return {(kind, row.thing_id): row.before[_word(kind)] for row in fetch(query)}


def _word(kind: Kind) -> str:
    return "title" if kind == "task" else "name"

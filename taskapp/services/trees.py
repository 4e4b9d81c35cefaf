"""Tasks above and below others."""

from collections.abc import Collection, Sequence

from taskapp.db import AnyRow, fetch
from taskapp.domain.actors import Actor
from taskapp.models import Task
from taskapp.services.records import batches, own


def below(actor: Actor, ids: Collection[int], *, in_trash: bool | None = False) -> list[AnyRow]:
    """The subtasks of tasks, theirs, and so on, level by level.

    The trash is left out; with `in_trash` there is nothing else, and with None there is all.
    """
    found: dict[int, AnyRow] = {}
    level: Sequence[int] = list(ids)
    if not level:  # as with most tasks; the query is not made for nothing
        return []
    query = own("task", actor).order_by(Task.rank, Task.id)
    if in_trash is not None:
        query = query.where(Task.deleted_at.is_not(None) if in_trash else Task.deleted_at.is_(None))
    while level:
        rows = [
            row for batch in batches(level) for row in fetch(query.where(Task.parent_id.in_(batch)))
        ]
        # One that is named may lie below another, and is met twice.
        level = [row.id for row in rows if row.id not in found]
        found |= {row.id: row for row in rows}
    return list(found.values())


def above(actor: Actor, parents: Collection[int | None]) -> list[AnyRow]:
    """The parents that tasks name, theirs, and so on."""
    found: dict[int, AnyRow] = {}
    level = set(parents) - {None}
    while level:
        for batch in batches(sorted(level)):
            for row in fetch(own("task", actor).where(Task.id.in_(batch))):
                found[row.id] = row
        level = {found[id_].parent_id for id_ in level if id_ in found} - {None}
    return list(found.values())

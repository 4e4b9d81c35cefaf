"""Tasks above and below others."""

from collections.abc import Collection

from taskapp.db import AnyRow, fetch
from taskapp.domain.actors import Actor
from taskapp.models import Task
from taskapp.services.records import own


def below(actor: Actor, ids: Collection[int], *, in_trash: bool = False) -> list[AnyRow]:
    """The subtasks of tasks, theirs, and so on, level by level; the trash left out, or alone."""
    found: list[AnyRow] = []
    level: Collection[int] = ids
    where = Task.deleted_at.is_not(None) if in_trash else Task.deleted_at.is_(None)
    while level:
        query = own("task", actor).where(Task.parent_id.in_(level), where)
        rows = fetch(query.order_by(Task.rank, Task.id))
        found += rows
        level = [row.id for row in rows]
    return found


def above(actor: Actor, parents: Collection[int | None]) -> list[AnyRow]:
    """The parents that tasks name, theirs, and so on."""
    found: dict[int, AnyRow] = {}
    level = set(parents) - {None}
    while level:
        for row in fetch(own("task", actor).where(Task.id.in_(level))):
            found[row.id] = row
        level = {found[id_].parent_id for id_ in level if id_ in found} - {None}
    return list(found.values())

"""Changing a task as a form does: with labels by their names, all in one act."""

from collections.abc import Collection
from typing import Any

from taskapp.db import AnyRow
from taskapp.domain.actors import Actor
from taskapp.services import labels, tasks
from taskapp.services.records import act


def edit(
    actor: Actor,
    task_id: int,
    changes: dict[str, Any],
    *,
    add_labels: Collection[str] = (),
    seen: Collection[int] | None = None,
) -> AnyRow:
    """Change the fields named, and give it labels more, which are made when they are not there.

    Raises as tasks.update() does.
    """
    with act(actor) as doing:
        task = tasks.hold(doing, task_id, seen)
        values = dict(changes)
        if add_labels:
            named = labels.named(actor, add_labels)
            values["labels"] = [*values.get("labels", task.labels), *named]
        return tasks.update(actor, task_id, values, seen=seen)

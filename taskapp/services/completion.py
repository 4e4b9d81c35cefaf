"""Completing tasks and opening them again: what becomes of their subtasks.

An open task never lies below one that is done.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from taskapp.db import AnyRow
from taskapp.domain.errors import Conflict
from taskapp.services import trees
from taskapp.services.records import Act

# What becomes of the open subtasks of a task that is completed: they are completed as well, or kept
# open and moved to where the task itself was.
Subtasks = Literal["complete", "keep"]
SUBTASKS: tuple[Subtasks, ...] = ("complete", "keep")


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def complete(
    doing: Act,
    rows: Sequence[AnyRow],
    subtasks: Subtasks | None = None,
    more: Mapping[str, Any] = _NOTHING,
) -> int:
    """Mark tasks done, and change what else is to change with that; return how many were open.

    Raise Conflict when one has open subtasks that are not among them, and nothing is said of these.
    """
    ids = {row.id for row in rows}
    parents = [row.id for row in rows if doing.has_subtasks(row)]
    below = [
        row for row in trees.below(doing.actor, parents) if not row.completed and row.id not in ids
    ]
    if below and subtasks is None:
        how_many = "is an open subtask" if len(below) == 1 else f"are {len(below)} open subtasks"
        raise Conflict(
            f"There {how_many} below: say with `subtasks` whether to `complete` them too, "
            "or to `keep` them open.",
            code="subtasks_open",
        )
    if subtasks == "keep":
        _lift(doing, rows, [row for row in below if row.parent_id in ids])
        below = []
    done = {"completed": True, "completed_at": doing.moment}
    doing.change("task", [row for row in below if not row.completed], done)
    return doing.change("task", [row for row in rows if not row.completed], done | dict(more))


def reopen(doing: Act, rows: Sequence[AnyRow], more: Mapping[str, Any] = _NOTHING) -> int:
    """Open tasks again, and those above them; return how many of them were done.

    `more` is what else is to change with that.
    """
    parents = {more.get("parent_id", row.parent_id) for row in rows}
    above = [row for row in trees.above(doing.actor, parents) if row.completed]
    opened = {"completed": False, "completed_at": None}
    doing.change("task", above, opened)
    ids = {row.id for row in above}
    done = [row for row in rows if row.completed]
    doing.change("task", [row for row in done if row.id not in ids], opened | dict(more))
    return len(done)


def _lift(doing: Act, rows: Sequence[AnyRow], children: Sequence[AnyRow]) -> None:
    """Move open subtasks to where the topmost of those stands that are completed above them."""
    done = {row.id: row for row in rows}
    for child in children:
        above = done[child.parent_id]
        while above.parent_id in done:
            above = done[above.parent_id]
        placed = {"parent_id": above.parent_id, "section_id": above.section_id}
        doing.change("task", [child], placed | {"rank": doing.new_rank()})

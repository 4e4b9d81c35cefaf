"""Where things stand: in which project, section or task, and before or after which others."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, tuple_

from taskapp.db import AnyRow, fetch
from taskapp.domain import ranks
from taskapp.domain.errors import Fault, RuleViolation
from taskapp.domain.tasks import DEPTH_MOST
from taskapp.models import Task
from taskapp.services import trees
from taskapp.services.filters import is_completed
from taskapp.services.records import TABLES, Act, Kind, own

PLACE = ("project_id", "section_id", "parent_id")


def place(doing: Act, task: AnyRow | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Where a task comes to stand when a change names some of PLACE: all of them, and its rank.

    A subtask is in its parent's project, and in no section. A task that is given a project or a
    section of its own leaves its parent; one that is given a section is in that section's project.
    What moves comes last. Raise RuleViolation for what is not there, or cannot be.
    """
    named = {name: given[name] for name in PLACE if name in given}
    now = {name: getattr(task, name, None) for name in PLACE}
    if all(now[name] == value for name, value in named.items()) and (task or not named):
        return {}
    if named.get("parent_id") is not None:
        # One that is completed by the same change may have open subtasks yet.
        is_done = bool(given.get("completed")) if task is None else task.completed
        wanted = _below(doing, task, named, is_done)
    else:
        wanted = _in_project(doing, now, named)
    if wanted == now and task is not None:
        return {}
    return wanted | {"rank": doing.new_rank()}


def follow(doing: Act, task: AnyRow, place_: Mapping[str, Any]) -> None:
    """Take a task's subtasks along to where it goes, those in the trash too."""
    if "project_id" in place_ and place_["project_id"] != task.project_id:
        rows = trees.below(doing.actor, [task.id], in_trash=None)
        doing.change("task", rows, {"project_id": place_["project_id"], "section_id": None})


def rank_after(
    doing: Act, kind: Kind, scope: list[ColumnElement[bool]], after: int | None, moving: int
) -> str:
    """A rank right after one of the things in a scope, or before all of them.

    Raise RuleViolation when that one is not among them. When there is no room left for a rank of
    reasonable length, all of them are ranked anew.
    """
    table = TABLES[kind]
    others = own(kind, doing.actor).where(*scope, table.c.id != moving)
    order = (table.c.rank, table.c.id)
    low = None
    if after is not None:
        found = fetch(others.where(table.c.id == after))
        if not found:
            raise _fault("after", "no_such", f"There is no such {kind} in the same place.")
        low = found[0].rank
        others = others.where(tuple_(*order) > (low, after))
    following = fetch(others.order_by(*order).limit(1))
    high = following[0].rank if following else None
    # Equal ranks come from rows that were put in by others; between them there is no room.
    if low is None or high is None or low < high:
        rank = ranks.between(low, high)
        if len(rank) <= ranks.RANK_MOST:
            return rank
    _spread(doing, kind, scope, moving)
    return rank_after(doing, kind, scope, after, moving)


def siblings(
    project_id: int | None, section_id: int | None, parent_id: int | None, *, completed: bool
) -> list[ColumnElement[bool]]:
    """What is true of the tasks that stand in one place, the open or the done ones."""
    at = ((Task.project_id, project_id), (Task.section_id, section_id), (Task.parent_id, parent_id))
    return [
        Task.deleted_at.is_(None),
        is_completed(completed),
        *(column.is_(None) if id_ is None else column == id_ for column, id_ in at),
    ]


def _spread(doing: Act, kind: Kind, scope: list[ColumnElement[bool]], moving: int) -> None:
    table = TABLES[kind]
    query = own(kind, doing.actor).where(*scope, table.c.id != moving)
    rows = fetch(query.order_by(table.c.rank, table.c.id))
    for row, rank in zip(rows, ranks.spread(len(rows)), strict=True):
        doing.change(kind, [row], {"rank": rank})


def _below(doing: Act, task: AnyRow | None, named: dict[str, Any], is_done: bool) -> dict[str, Any]:
    parent = _own(doing, "task", "parent_id", named["parent_id"])
    if parent.completed and not is_done:
        raise _fault("parent_id", "done", "Is done: open it again first.")
    # What is in the trash counts: it may come back.
    below = trees.below(doing.actor, [task.id], in_trash=None) if task is not None else []
    if task is not None and parent.id in {task.id, *(row.id for row in below)}:
        raise _fault("parent_id", "cycle", "Is the task itself, or below it.")
    height = max((row.depth for row in below), default=task.depth) - task.depth if task else 0
    if parent.depth + 1 + height > DEPTH_MOST:
        raise _fault("parent_id", "too_deep", f"Lies too deep: {DEPTH_MOST} levels at most.")
    if named.get("project_id", parent.project_id) != parent.project_id:
        raise _fault("project_id", "elsewhere", "Is not the project of the task above.")
    if named.get("section_id") is not None:
        raise _fault("section_id", "elsewhere", "A subtask is in no section of its own.")
    return {"project_id": parent.project_id, "section_id": None, "parent_id": parent.id}


def _in_project(doing: Act, now: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    wanted = now | {"section_id": None} | named
    if named.get("section_id") is not None:
        section = _own(doing, "section", "section_id", named["section_id"])
        if named.get("project_id", section.project_id) != section.project_id:
            raise _fault("section_id", "elsewhere", "Is in another project.")
        wanted["project_id"] = section.project_id
    elif "project_id" not in named:
        wanted["section_id"] = named.get("section_id", now["section_id"])
    if wanted["project_id"] is not None and wanted["project_id"] != now["project_id"]:
        field = "project_id" if "project_id" in named else "section_id"
        project = _own(doing, "project", field, wanted["project_id"])
        if project.archived:
            raise _fault(field, "archived", "Its project is archived: open that again first.")
    moved = wanted["project_id"] != now["project_id"] or wanted["section_id"] is not None
    if "parent_id" in named or moved:
        wanted["parent_id"] = None
    return wanted


def _own(doing: Act, kind: Kind, field: str, id_: int) -> AnyRow:
    row = doing.one(kind, id_)
    if row is None or getattr(row, "deleted_at", None) is not None:
        raise _fault(field, "no_such", f"There is no such {kind} of yours.")
    return row


def _fault(field: str, code: str, message: str) -> RuleViolation:
    return RuleViolation(Fault(field, code, message))


def rank_beside(
    doing: Act, kind: Kind, scope: list[ColumnElement[bool]], row: AnyRow, by: int
) -> str:
    """The rank of a thing that goes one place up (-1) or down (1) among those of a scope."""
    table, mine = TABLES[kind], (row.rank, row.id)
    place = tuple_(table.c.rank, table.c.id)
    before = place < mine if by < 0 else place > mine
    order = [table.c.rank, table.c.id] if by > 0 else [table.c.rank.desc(), table.c.id.desc()]
    near = fetch(own(kind, doing.actor).where(*scope, before).order_by(*order).limit(2))
    if not near:
        rank: str = row.rank
        return rank
    if by > 0:
        return rank_after(doing, kind, scope, near[0].id, row.id)
    return rank_after(doing, kind, scope, near[1].id if len(near) > 1 else None, row.id)

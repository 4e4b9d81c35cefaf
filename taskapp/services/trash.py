"""The trash: deleted tasks and projects, which can be had back for a while and then go for good.

How long is the caller's to say (`keep`). What is older is out of reach at once, and removed by
expire().
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from taskapp.db import AnyRow, fetch, now
from taskapp.domain.actors import Actor
from taskapp.domain.errors import NotFound
from taskapp.models import Project, Task
from taskapp.services import paging, trees
from taskapp.services.paging import Page, Position
from taskapp.services.records import TABLES, Act, Kind, act, check_version, own

_TASK = TABLES["task"].c


def list_page(
    actor: Actor, *, keep: timedelta, limit: int = 100, after: Position | None = None
) -> Page:
    """The actor's deleted tasks, the one deleted last first."""
    query = own("task", actor).where(*_within_reach("task", keep))
    return paging.take(query, _TASK.deleted_at, _TASK.id, backwards=True, limit=limit, after=after)


def list_projects(actor: Actor, *, keep: timedelta) -> Sequence[AnyRow]:
    """The actor's deleted projects, the one deleted last first."""
    query = own("project", actor).where(*_within_reach("project", keep))
    return fetch(query.order_by(Project.deleted_at.desc(), Project.id.desc()))


def restore(
    actor: Actor, task_id: int, *, keep: timedelta, seen: Collection[int] | None = None
) -> AnyRow:
    """Take a task out of the trash, as it was, with what was deleted with it.

    When what it was in is not there any more, or is done while it is open, it comes without that.
    Raise NotFound or StaleVersion.
    """
    with act(actor) as doing:
        task = _deleted(doing, "task", task_id, keep)
        check_version(task, seen)
        below = trees.below(actor, [task_id], in_trash=True)
        together = [row for row in below if row.deleted_at == task.deleted_at]
        _bring_back(doing, [task, *together])
        doing.settle()
        return doing.one("task", task_id) or task


def restore_project(
    actor: Actor, project_id: int, *, keep: timedelta, seen: Collection[int] | None = None
) -> AnyRow:
    """Take a project out of the trash with the tasks that were deleted with it.

    Raise NotFound or StaleVersion.
    """
    with act(actor) as doing:
        project = _deleted(doing, "project", project_id, keep)
        check_version(project, seen)
        doing.change("project", [project], {"deleted_at": None}, "restored")
        query = own("task", actor).where(
            Task.project_id == project_id, Task.deleted_at == project.deleted_at
        )
        _bring_back(doing, fetch(query))
        return doing.one("project", project_id) or project


def purge(actor: Actor, task_id: int) -> None:
    """Remove a deleted task for good, with those below it; raise NotFound."""
    with act(actor) as doing:
        task = doing.one("task", task_id)
        if task is None or task.deleted_at is None:
            raise NotFound("There is no such task in the trash.")
        _purge(doing, [task])


def purge_project(actor: Actor, project_id: int) -> None:
    """Remove a deleted project for good, with its tasks in the trash; raise NotFound."""
    with act(actor) as doing:
        project = doing.one("project", project_id)
        if project is None or project.deleted_at is None:
            raise NotFound("There is no such project in the trash.")
        _purge_projects(doing, [project])


def empty(actor: Actor) -> None:
    """Remove all of the actor's deleted tasks and projects for good."""
    with act(actor) as doing:
        _purge_older(doing, None)


def expire(actor: Actor | None = None, *, keep: timedelta) -> int:
    """Remove what was deleted longer ago than that, everybody's or one actor's.

    Return how many tasks. Each account is done by itself.
    """
    gone = now() - keep
    if actor is not None:
        return _expire(actor, gone)
    owners = fetch(
        select(Task.user_id)
        .where(Task.deleted_at <= gone)
        .union(select(Project.user_id).where(Project.deleted_at <= gone))  # type: ignore[arg-type]
    )
    return sum(_expire(Actor(row.user_id), gone) for row in owners)


def _expire(actor: Actor, gone: Any) -> int:
    kinds: tuple[Kind, ...] = ("task", "project")
    old = (own(kind, actor).where(TABLES[kind].c.deleted_at <= gone).limit(1) for kind in kinds)
    if not any(map(fetch, old)):
        return 0  # nothing to lock the account for
    with act(actor) as doing:
        return _purge_older(doing, gone)


def _purge_older(doing: Act, gone: Any) -> int:
    """Remove what was deleted up to an instant, or all that was deleted; return how many tasks."""

    def deleted(kind: Kind) -> Sequence[AnyRow]:
        column = TABLES[kind].c.deleted_at
        old = column.is_not(None) if gone is None else column <= gone
        return fetch(own(kind, doing.actor).where(old))

    tasks = deleted("task")
    _purge(doing, tasks)
    _purge_projects(doing, deleted("project"))
    return len(tasks)


def _purge(doing: Act, rows: Sequence[AnyRow]) -> None:
    below = trees.below(doing.actor, [row.id for row in rows], in_trash=True)
    everything = {row.id: row for row in [*rows, *below]}
    # The deepest first, so that no subtask is gone before its own removal is noted.
    doing.remove("task", sorted(everything.values(), key=lambda row: -row.depth))


def _purge_projects(doing: Act, projects: Sequence[AnyRow]) -> None:
    ids = [project.id for project in projects]
    inside = own("task", doing.actor).where(Task.project_id.in_(ids))
    _purge(doing, fetch(inside.where(Task.deleted_at.is_not(None))))
    doing.change("task", fetch(inside), {"project_id": None, "section_id": None})
    sections = TABLES["section"].c.project_id.in_(ids)
    doing.remove("section", fetch(own("section", doing.actor).where(sections)))
    doing.remove("project", projects)


def _bring_back(doing: Act, rows: Sequence[AnyRow]) -> None:
    doing.change("task", rows, {"deleted_at": None}, "restored")
    ids = {row.id for row in rows}
    above = {row.id: row for row in trees.above(doing.actor, {row.parent_id for row in rows})}
    for row in rows:
        parent = above.get(row.parent_id)
        if row.parent_id not in ids and parent and _is_closed(parent, row):
            doing.change("task", [row], {"parent_id": None})
    projects = {row.project_id for row in rows} - {None}
    for id_ in projects:
        project = doing.one("project", id_)
        if project is None or project.deleted_at is not None:
            homeless = [row.id for row in rows if row.project_id == id_]
            below = trees.below(doing.actor, homeless, in_trash=None)
            everything = {row.id: row for row in below} | {
                row.id: row for row in rows if row.project_id == id_
            }
            doing.change("task", everything.values(), {"project_id": None, "section_id": None})


def _is_closed(parent: AnyRow, task: AnyRow) -> bool:
    return parent.deleted_at is not None or (parent.completed and not task.completed)


def _deleted(doing: Act, kind: Kind, id_: int, keep: timedelta) -> AnyRow:
    found = fetch(
        own(kind, doing.actor).where(TABLES[kind].c.id == id_, *_within_reach(kind, keep))
    )
    if not found:
        raise NotFound(f"There is no such {kind} in the trash.")
    return found[0]


def _within_reach(kind: Kind, keep: timedelta) -> list[ColumnElement[bool]]:
    return [TABLES[kind].c.deleted_at > now() - keep]

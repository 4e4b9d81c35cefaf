"""Tasks: what a person does with their own. Another's task is NotFound, as one that is not."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from taskapp.db import fetch, folded, now, transaction
from taskapp.domain import rules
from taskapp.domain.actors import Actor
from taskapp.domain.errors import NotFound, StaleVersion
from taskapp.domain.tasks import RULES
from taskapp.models import Task
from taskapp.services import paging
from taskapp.services.paging import Page, Position

# What a list may be ordered by; "-" before a name turns the order round.
ORDERS: dict[str, ColumnElement[Any]] = {
    "created_at": Task.__table__.c.created_at,
    "updated_at": Task.__table__.c.updated_at,
    "title": func.lower(Task.title),
}
_ID = Task.__table__.c.id


@dataclass(frozen=True)
class Filter:
    """Which tasks: done or open, and with which words in title or description."""

    completed: bool | None = None
    q: str = ""


ALL = Filter()


@dataclass(frozen=True)
class Counts:
    """How many tasks are open, and how many done."""

    open: int
    done: int


def create(
    actor: Actor, *, title: str, description: str | None = None, completed: bool = False
) -> Task:
    """A new task of the actor's; raise RuleViolation."""
    given = {"title": title, "description": description, "completed": completed}
    values, moment = rules.apply(RULES, given), now()
    task = Task(user_id=actor.id, created_at=moment, updated_at=moment, **values)
    with transaction() as session:
        session.add(task)
    return task


def show(actor: Actor, task_id: int) -> Any:
    """One task of the actor's; raise NotFound."""
    found = fetch(_select(actor).where(Task.id == task_id))
    if not found:
        raise NotFound("There is no such task.")
    return found[0]


def list_page(
    actor: Actor,
    filter_: Filter = ALL,
    *,
    sort: str = "-created_at",
    limit: int = 100,
    after: Position | None = None,
) -> Page:
    """The actor's tasks in an order, `limit` at most, those that come after a place in it."""
    key = ORDERS[sort.removeprefix("-")]
    query = _select(actor, filter_)
    return paging.take(query, key, _ID, backwards=sort.startswith("-"), limit=limit, after=after)


def count(actor: Actor, q: str = "") -> Counts:
    """How many of the actor's tasks, with those words, are open and done."""
    query = select(Task.completed, func.count()).where(*conditions(actor, Filter(q=q)))
    found: dict[bool, int] = {row[0]: row[1] for row in fetch(query.group_by(Task.completed))}
    return Counts(open=found.get(False, 0), done=found.get(True, 0))


def passes(actor: Actor, task: Task, filter_: Filter) -> bool:
    """Whether a filter lets a task of the actor's through; only words are asked of the database."""
    if not filter_.q:
        return filter_.completed in (None, task.completed)
    return bool(fetch(select(Task.id).where(*conditions(actor, filter_), Task.id == task.id)))


def update(
    actor: Actor, task_id: int, changes: dict[str, Any], *, seen: Collection[int] | None = None
) -> Task:
    """Change the fields named in `changes` and no other.

    Raise RuleViolation, NotFound, or StaleVersion when `seen` is given and the task's version is
    not in it. What is already so is no change.
    """
    values = rules.apply(RULES, changes)
    with transaction() as session:
        task = _hold(session, actor, task_id, seen)
        for name, value in values.items():
            setattr(task, name, value)
    return task


def complete(
    actor: Actor,
    task_id: int,
    completed: bool | None = None,
    *,
    seen: Collection[int] | None = None,
) -> Task:
    """Mark a task done or open; None turns it round, whatever others do at the same time.

    Raises as update() does.
    """
    with transaction() as session:
        task = _hold(session, actor, task_id, seen)
        task.completed = not task.completed if completed is None else completed
    return task


def delete(actor: Actor, task_id: int, *, seen: Collection[int] | None = None) -> Task:
    """Move a task to the trash, from where trash.restore() takes it; raise as update() does."""
    with transaction() as session:
        task = _hold(session, actor, task_id, seen)
        task.deleted_at = now()
    return task


def conditions(actor: Actor, filter_: Filter = ALL) -> list[ColumnElement[bool]]:
    """What is true of the actor's tasks that a filter lets through, the trash left out."""
    holds = [Task.user_id == actor.id, Task.deleted_at.is_(None)]
    if filter_.completed is not None:
        holds.append(Task.completed == filter_.completed)
    text = (folded(Task.title), folded(Task.description))
    holds += [
        or_(*(each.contains(folded(_escaped(word)), escape="/") for each in text))
        for word in filter_.q.split()
    ]
    return holds


def _escaped(word: str) -> str:
    """A word in which LIKE sees no wildcard."""
    return re.sub("([/%_])", r"/\1", word)


def _select(actor: Actor, filter_: Filter = ALL) -> Select[*tuple[Any, ...]]:
    return select(Task.__table__).where(*conditions(actor, filter_))


def _hold(session: Session, actor: Actor, task_id: int, seen: Collection[int] | None) -> Task:
    """The actor's task, locked until the transaction ends, in a version that they have seen."""
    task = session.scalar(
        select(Task)
        .where(and_(*conditions(actor)), Task.id == task_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if task is None:
        raise NotFound("There is no such task.")
    if seen is not None and task.version not in seen:
        raise StaleVersion
    return task

"""Tasks: what a person does with their own. Another's task is NotFound, as one that is not."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, select

from taskapp.db import AnyRow, BigId, fetch
from taskapp.domain import dates, rules
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Fault, NotFound, RuleViolation
from taskapp.domain.tasks import RULES
from taskapp.models import Label, Task
from taskapp.services import completion, paging, placing, trees
from taskapp.services.completion import Subtasks
from taskapp.services.filters import (
    ALL,
    ORDERS,
    Filter,
    conditions,
    is_completed,
    order_of,
    select_tasks,
)
from taskapp.services.paging import Page, Position
from taskapp.services.records import Act, act, batches, check_version
from taskapp.services.standing import OWNER, fetch_own, stands
from taskapp.statements import Kept

# Beyond it, counting stops: nobody needs to know whether it is 1,203 or 1,204.
COUNT_MOST = 1000
# SQLite puts together no more than 500 queries.
LISTS_AT_ONCE = 100
# As many sections as most projects have. Each number of lists is a statement of its own, and to
# keep one takes a quarter of a megabyte for each list.
LISTS_KEPT = 8
_NO_DATES: dict[str, Any] = dict.fromkeys(dates.DUE)


@dataclass(frozen=True)
class Counts:
    """How many tasks are open, and how many done; COUNT_MOST stands for as many and more."""

    open: int
    done: int


def create(actor: Actor, *, title: str, **more: Any) -> AnyRow:
    """A new task of the actor's, the last of its place; raise RuleViolation."""
    values = rules.apply(RULES, {"title": title, **more})
    with act(actor) as doing:
        return create_in(doing, values)


def create_in(doing: Act, values: dict[str, Any]) -> AnyRow:
    """The same within an act, of values that rules have passed."""
    placed = {"rank": doing.new_rank()} | placing.place(doing, None, values)
    due = dates.due(values, _NO_DATES, doing.zone_name)
    done = {"completed_at": doing.moment if values.get("completed") else None}
    _check_labels(doing, values)
    return doing.add("task", values | placed | due | done)


def show(actor: Actor, task_id: int) -> AnyRow:
    """One task of the actor's; raise NotFound."""
    found = fetch_own(actor, _one, {"task_id": task_id})
    if not found:
        raise NotFound("There is no such task.")
    return found[0]


@cache
def _one(asks: bool) -> Kept:
    its_id = Task.id == bindparam("task_id", type_=BigId)
    return Kept(select_tasks(OWNER).where(its_id, *stands(asks)))


def list_page(
    actor: Actor,
    filter_: Filter = ALL,
    *,
    sort: str = "-created_at",
    limit: int = 100,
    after: Position | None = None,
) -> Page:
    """The actor's tasks in an order, `limit` at most, those that come after a place in it.

    In the order of completion there are only those that are done.
    """
    make = _kept_stretch if filter_.is_common else _stretch
    query = partial(make, filter_.without_numbers(), sort, limit, after is not None)
    found = fetch_own(actor, query, paging.place(after) | filter_.numbers())
    return paging.page(found, limit)


def _stretch(
    filter_: Filter, sort: str, limit: int, goes_on: bool, asks: bool
) -> Select[*tuple[Any, ...]]:
    name = sort.removeprefix("-")
    query = select_tasks(OWNER, filter_).where(*stands(asks))
    if name == "completed_at":
        query = query.where(is_completed(True))
    key, id_ = order_of(name, filter_)
    return paging.stretch(
        query, key, id_, backwards=sort.startswith("-"), limit=limit, goes_on=goes_on
    )


@lru_cache(maxsize=256)
def _kept_stretch(filter_: Filter, sort: str, limit: int, goes_on: bool, asks: bool) -> Kept:
    query = _stretch(filter_, sort, limit, goes_on, asks)
    return Kept(query, finds_many=True, says_values=True)


def list_first_pages(
    actor: Actor, filters: Sequence[Filter], *, sort: str, limit: int
) -> list[Page]:
    """The first page of each of several lists in an order, as list_page() gives it."""
    return [
        page
        for some in batches(filters, LISTS_AT_ONCE)
        for page in _first_pages(actor, some, sort, limit)
    ]


def _first_pages(actor: Actor, filters: Sequence[Filter], sort: str, limit: int) -> list[Page]:
    values, parts = {"owner_id": actor.id}, []
    for number, each in enumerate(filters):
        values |= each.numbers(mark=f"_{number}")
        parts.append(each.without_numbers(mark=f"_{number}"))
    is_kept = len(filters) <= LISTS_KEPT and all(each.is_common for each in filters)
    make = _kept_stretches if is_kept else _stretches
    return paging.pages(fetch(make(tuple(parts), sort, limit), values), len(parts), limit)


def _stretches(filters: tuple[Filter, ...], sort: str, limit: int) -> Select[*tuple[Any, ...]]:
    queries = [select_tasks(OWNER, each) for each in filters]
    key, backwards = ORDERS[sort.removeprefix("-")], sort.startswith("-")
    return paging.stretches(queries, key, Task.__table__.c.id, backwards=backwards, limit=limit)


# Those of each number of lists, beginning with one of no section or not.
@lru_cache(maxsize=2 * LISTS_KEPT)
def _kept_stretches(filters: tuple[Filter, ...], sort: str, limit: int) -> Kept:
    return Kept(_stretches(filters, sort, limit), finds_many=True, says_values=True)


def list_subtasks(actor: Actor, task_id: int) -> list[AnyRow]:
    """All below a task, each after its parent; raise NotFound."""
    show(actor, task_id)
    children: dict[int, list[AnyRow]] = {}
    for row in trees.below(actor, [task_id]):
        children.setdefault(row.parent_id, []).append(row)
    return list(_in_order(task_id, children))


def count(actor: Actor, filter_: Filter = ALL) -> Counts:
    """How many of the actor's tasks that a filter lets through are open and done.

    What it does not let through is not counted, and 0.
    """
    make = _kept_count if filter_.is_common else _count
    values = {"owner_id": actor.id} | filter_.numbers()
    [found] = fetch(make(filter_.without_numbers()), values)
    return Counts(open=found.open, done=found.done)


def _count(filter_: Filter) -> Select[*tuple[Any, ...]]:
    def up_to_most(completed: bool) -> Any:
        if filter_.completed not in (None, completed):
            return literal(0)
        some = select_tasks(OWNER, replace(filter_, completed=completed), [Task.id])
        bounded = some.limit(COUNT_MOST).subquery()
        return select(func.count()).select_from(bounded).scalar_subquery()

    return select(up_to_most(False).label("open"), up_to_most(True).label("done"))


@lru_cache(maxsize=64)
def _kept_count(filter_: Filter) -> Kept:
    return Kept(_count(filter_), says_values=True)


def passes(actor: Actor, task: AnyRow, filter_: Filter) -> bool:
    """Whether a filter lets a task of the actor's through."""
    return bool(fetch(select(Task.id).where(*conditions(actor.id, filter_), Task.id == task.id)))


def update(
    actor: Actor,
    task_id: int,
    changes: dict[str, Any],
    *,
    subtasks: Subtasks | None = None,
    seen: Collection[int] | None = None,
) -> AnyRow:
    """Change the fields named in `changes` and no other.

    Raise RuleViolation, NotFound, StaleVersion when `seen` is given and the task's version is not
    in it, or Conflict as completing does. What is already so is no change.
    """
    values = rules.apply(RULES, changes)
    with act(actor) as doing:
        update_in(doing, hold(doing, task_id, seen), values, subtasks)
        return fresh(doing, task_id)


def update_in(
    doing: Act, task: AnyRow, values: dict[str, Any], subtasks: Subtasks | None = None
) -> None:
    """The same within an act, of values that rules have passed."""
    placed = placing.place(doing, task, values)
    due = dates.due(values, dict(task._mapping), doing.zone_name)
    plain = {k: v for k, v in values.items() if k not in (*placing.PLACE, "completed")}
    _check_labels(doing, values)
    more = plain | due | placed
    completed = values.get("completed", task.completed)
    if completed == task.completed:
        doing.change("task", [task], more)
    elif completed:
        completion.complete(doing, [task], subtasks, more)
    else:
        completion.reopen(doing, [task], more)
    placing.follow(doing, task, placed)


def complete(
    actor: Actor,
    task_id: int,
    completed: bool | None = None,
    *,
    subtasks: Subtasks | None = None,
    seen: Collection[int] | None = None,
) -> AnyRow:
    """Mark a task done or open; None turns it round, whatever others do at the same time.

    Raises as update() does.
    """
    with act(actor) as doing:
        task = hold(doing, task_id, seen)
        if (not task.completed) if completed is None else completed:
            completion.complete(doing, [task], subtasks)
        else:
            completion.reopen(doing, [task])
        return fresh(doing, task_id)


def move(
    actor: Actor,
    task_id: int,
    place: dict[str, Any] | None = None,
    *,
    seen: Collection[int] | None = None,
) -> AnyRow:
    """Put a task somewhere else: into a project, section or task, and `after` one that is there.

    With `after` None it comes first; without it, last. Raises as update() does.
    """
    given = dict(place or {})
    with act(actor) as doing:
        task = hold(doing, task_id, seen)
        move_in(doing, task, given)
        return fresh(doing, task_id)


def move_in(doing: Act, task: AnyRow, given: dict[str, Any]) -> None:
    """The same within an act."""
    after = given.pop("after", ...)
    placed = placing.place(doing, task, given)
    if after is not ...:
        at = {name: placed.get(name, getattr(task, name)) for name in placing.PLACE}
        scope = placing.siblings(**at, completed=task.completed)
        placed["rank"] = placing.rank_after(doing, "task", scope, after, task.id)
    elif not placed:
        placed = {"rank": doing.new_rank()}
    doing.change("task", [task], placed)
    placing.follow(doing, task, placed)


def shift(actor: Actor, task_id: int, by: int) -> AnyRow:
    """Put a task one place up (-1) or down (1) among its open or done neighbours; raise NotFound.

    The first goes no further up, and the last no further down.
    """
    with act(actor) as doing:
        task = hold(doing, task_id)
        at = {name: getattr(task, name) for name in placing.PLACE}
        scope = placing.siblings(**at, completed=task.completed)
        rank = placing.rank_beside(doing, "task", scope, task, by)
        doing.change("task", [task], {"rank": rank})
        return fresh(doing, task_id)


def delete(actor: Actor, task_id: int, *, seen: Collection[int] | None = None) -> AnyRow:
    """Move a task and those below it to the trash, from where trash.restore() takes them.

    Raises as update() does.
    """
    with act(actor) as doing:
        task = hold(doing, task_id, seen)
        discard(doing, [task])
        return task


def discard(doing: Act, rows: Collection[AnyRow]) -> int:
    """Move tasks and those below them to the trash, within an act; return how many were named."""
    below = trees.below(doing.actor, [row.id for row in rows if doing.has_subtasks(row)])
    everything = {row.id: row for row in [*rows, *below]}.values()
    doing.change("task", everything, {"deleted_at": doing.moment}, "deleted")
    return len(rows)


def hold(doing: Act, task_id: int, seen: Collection[int] | None = None) -> AnyRow:
    """The actor's task, which nobody else changes until the act ends, in a version that was seen.

    Raise NotFound or StaleVersion.
    """
    task = doing.one("task", task_id)
    if task is None or task.deleted_at is not None:
        raise NotFound("There is no such task.")
    check_version(task, seen)
    return task


def fresh(doing: Act, task_id: int) -> AnyRow:
    """A task as this act leaves it, its subtasks counted; raise NotFound."""
    doing.settle()
    return hold(doing, task_id)


def _check_labels(doing: Act, values: dict[str, Any]) -> None:
    wanted = values.get("labels")
    if not wanted:
        return
    query = select(Label.id).where(Label.user_id == doing.actor.id, Label.id.in_(wanted))
    if len(fetch(query)) != len(wanted):
        raise RuleViolation(Fault("labels", "no_such", "Names a label that you do not have."))


def _in_order(parent_id: int, children: dict[int, list[AnyRow]]) -> Iterator[AnyRow]:
    for row in children.get(parent_id, []):
        yield row
        yield from _in_order(row.id, children)

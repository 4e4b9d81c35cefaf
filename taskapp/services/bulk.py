"""Many tasks at once: one act on all that a filter lets through, or a list of operations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from taskapp.db import AnyRow, fetch
from taskapp.domain import dates, rules
from taskapp.domain.actors import Actor
from taskapp.domain.errors import DomainError, Fault, RuleViolation
from taskapp.domain.tasks import RULES
from taskapp.services import completion, tasks, trees
from taskapp.services.completion import Subtasks
from taskapp.services.filters import Filter, select_tasks
from taskapp.services.placing import PLACE
from taskapp.services.records import Act, act, attempt

Deed = Literal["complete", "reopen", "delete", "update"]
OPERATIONS_MOST = 100
# What is one's own for each task, and cannot be given to many at once.
SINGLE = ("title", "description", "parent_id", "completed")


@dataclass(frozen=True)
class Outcome:
    """What became of one operation: the task as it is now, or why not."""

    task: AnyRow | None = None
    error: DomainError | None = None


def act_on(
    actor: Actor,
    deed: Deed,
    filter_: Filter,
    *,
    values: dict[str, Any] | None = None,
    subtasks: Subtasks | None = None,
) -> int:
    """Do the same to all of the actor's tasks that a filter lets through; return to how many.

    Ids of others' tasks are passed over, and so are tasks that are so already. `values` are for
    "update": project, section, priority, labels to add, dates. Raise as the single acts do.
    """
    cleaned = rules.apply(RULES, values or {})
    if alone := [name for name in cleaned if name in SINGLE]:
        message = "Cannot be given to many tasks at once."
        raise RuleViolation(*(Fault(name, "single", message) for name in alone))
    with act(actor) as doing:
        rows = fetch(select_tasks(actor.id, filter_))
        if deed == "complete":
            return completion.complete(doing, rows, subtasks)
        if deed == "reopen":
            return completion.reopen(doing, rows)
        if deed == "delete":
            return tasks.discard(doing, rows)
        return _update(doing, rows, cleaned)


def run(actor: Actor, operations: Sequence[dict[str, Any]], *, atomic: bool) -> list[Outcome]:
    """Do several things in one act, each for itself or all of them or none.

    An operation has an `op` of OPERATIONS, an `id` but for "create", and `values`. With `atomic`
    the first refusal is raised as it is, its faults named by the place of the operation.
    """
    outcomes = []
    with act(actor) as doing:
        for number, operation in enumerate(operations):
            try:
                with attempt(doing):
                    outcomes.append(Outcome(_OPERATIONS[operation["op"]](doing, operation)))
            except DomainError as error:
                if atomic:
                    raise _placed(error, number) from None
                outcomes.append(Outcome(error=error))
    return outcomes


def _update(doing: Act, rows: Sequence[AnyRow], values: dict[str, Any]) -> int:
    added = values.pop("labels", [])
    if not added and not values.keys() & {*PLACE, *dates.DUE}:
        return doing.change("task", rows, values)
    before = len(doing.events)
    apart = {name: value for name, value in values.items() if name not in PLACE}
    led = _led(doing, rows)
    for row in rows:
        more = rules.apply(RULES, {"labels": [*{*row.labels, *added}]}) if added else {}
        tasks.update_in(doing, row, (apart if row.id in led else values) | more)
    return len({each["thing_id"] for each in doing.events[before:]})


def _led(doing: Act, rows: Sequence[AnyRow]) -> set[int]:
    """The ids of those tasks that lie below others of them, and so go where these go."""
    chosen = {row.id for row in rows}
    above = trees.above(doing.actor, [row.parent_id for row in rows])
    parents = {row.id: row.parent_id for row in [*above, *rows]}

    def is_led(id_: int | None) -> bool:
        parent = parents.get(id_) if id_ is not None else None
        return parent is not None and (parent in chosen or is_led(parent))

    return {id_ for id_ in chosen if is_led(id_)}


def _placed(error: DomainError, number: int) -> DomainError:
    where = f"operations/{number}"
    if isinstance(error, RuleViolation):
        faults = [Fault(f"{where}/values/{f.field}", f.code, f.message) for f in error.faults]
        return RuleViolation(*faults)
    return type(error)(f"Operation {number} (of 0, 1, ...): {error.message}", code=error.code)


def _create(doing: Act, operation: dict[str, Any]) -> AnyRow:
    values = rules.apply(RULES, {"title": "", **operation["values"]})
    return tasks.create_in(doing, values)


def _change(doing: Act, operation: dict[str, Any]) -> AnyRow:
    values = rules.apply(RULES, operation["values"])
    task = tasks.hold(doing, operation["id"])
    tasks.update_in(doing, task, values, operation.get("subtasks"))
    return tasks.fresh(doing, task.id)


def _move(doing: Act, operation: dict[str, Any]) -> AnyRow:
    task = tasks.hold(doing, operation["id"])
    tasks.move_in(doing, task, dict(operation["values"]))
    return tasks.fresh(doing, task.id)


def _complete(doing: Act, operation: dict[str, Any]) -> AnyRow:
    task = tasks.hold(doing, operation["id"])
    completion.complete(doing, [task], operation.get("subtasks"))
    return tasks.fresh(doing, task.id)


def _reopen(doing: Act, operation: dict[str, Any]) -> AnyRow:
    task = tasks.hold(doing, operation["id"])
    completion.reopen(doing, [task])
    return tasks.fresh(doing, task.id)


def _delete(doing: Act, operation: dict[str, Any]) -> AnyRow:
    task = tasks.hold(doing, operation["id"])
    tasks.discard(doing, [task])
    return doing.one("task", task.id) or task


_OPERATIONS: dict[str, Callable[[Act, dict[str, Any]], AnyRow]] = {
    "create": _create,
    "update": _change,
    "move": _move,
    "complete": _complete,
    "reopen": _reopen,
    "delete": _delete,
}
OPERATIONS = tuple(_OPERATIONS)

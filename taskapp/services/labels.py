"""Labels. Another's is NotFound, as one that is not."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from taskapp.db import AnyRow, fetch
from taskapp.domain import rules
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict, Fault, NotFound, RuleViolation
from taskapp.domain.projects import RULES, label_key
from taskapp.models import Label, TaskLabel
from taskapp.services.records import Act, act, check_version, own


def create(actor: Actor, *, name: str, **more: Any) -> AnyRow:
    """A new label of the actor's; raise RuleViolation, or Conflict when the name is taken."""
    values = rules.apply(RULES, {"name": name, **more})
    try:
        with act(actor) as doing:
            return doing.add("label", values)
    except IntegrityError:
        raise _taken() from None


def named(actor: Actor, names: Collection[str]) -> list[int]:
    """The ids of labels by their names, whatever the case; those that are not there are made.

    Raise RuleViolation.
    """
    cleaned = [rules.apply(RULES, {"name": name})["name"] for name in names]
    wanted = {label_key(name): name for name in cleaned}
    with act(actor) as doing:
        found = fetch(own("label", actor).where(Label.key.in_(wanted)))
        ids = {row.key: row.id for row in found}
        for key, name in wanted.items():
            if key not in ids:
                ids[key] = doing.add("label", {"name": name}).id
        return list(ids.values())


def show(actor: Actor, label_id: int) -> AnyRow:
    """One label of the actor's; raise NotFound."""
    found = fetch(own("label", actor).where(Label.id == label_id))
    if not found:
        raise _missing()
    return found[0]


def list_all(actor: Actor) -> Sequence[AnyRow]:
    """The actor's labels by name."""
    return fetch(own("label", actor).order_by(Label.key))


def update(
    actor: Actor, label_id: int, changes: dict[str, Any], *, seen: Collection[int] | None = None
) -> AnyRow:
    """Change the fields named; raise RuleViolation, NotFound, StaleVersion, or Conflict."""
    values = rules.apply(RULES, changes)
    try:
        with act(actor) as doing:
            label = _hold(doing, label_id, seen)
            doing.change("label", [label], values)
            return doing.one("label", label_id) or label
    except IntegrityError:
        raise _taken() from None


def merge(actor: Actor, label_id: int, into: int, *, seen: Collection[int] | None = None) -> AnyRow:
    """Give another label to all tasks that bear this one, which goes; raise as update() does."""
    with act(actor) as doing:
        label = _hold(doing, label_id, seen)
        if label_id == into:
            raise RuleViolation(Fault("into", "same", "Is the same label."))
        try:
            other = _hold(doing, into)
        except NotFound:
            message = "There is no such label of yours."
            raise RuleViolation(Fault("into", "no_such", message)) from None
        for task in _bearers(doing, label_id):
            labels = sorted({*task.labels, into} - {label_id})
            doing.change("task", [task], {"labels": labels})
        doing.remove("label", [label])
        return other


def delete(actor: Actor, label_id: int, *, seen: Collection[int] | None = None) -> AnyRow:
    """Remove a label from all tasks, and altogether; raise NotFound or StaleVersion."""
    with act(actor) as doing:
        label = _hold(doing, label_id, seen)
        for task in _bearers(doing, label_id):
            doing.change("task", [task], {"labels": [i for i in task.labels if i != label_id]})
        doing.remove("label", [label])
        return label


def _bearers(doing: Act, label_id: int) -> Sequence[AnyRow]:
    """All tasks with a label, those in the trash included."""
    bearing = select(TaskLabel.task_id).where(TaskLabel.label_id == label_id)
    query = own("task", doing.actor)
    return fetch(query.where(query.selected_columns.id.in_(bearing)))


def _hold(doing: Act, label_id: int, seen: Collection[int] | None = None) -> AnyRow:
    label = doing.one("label", label_id)
    if label is None:
        raise _missing()
    check_version(label, seen)
    return label


def _missing() -> NotFound:
    return NotFound("There is no such label.")


def _taken() -> Conflict:
    return Conflict("You have a label of this name already.", code="name_taken")

"""Many tasks at once, and taking an act back.

All tasks that one act changes bear its instant, so that undoing it finds just those that nothing
else has changed since.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, update

from taskapp.db import now, transaction
from taskapp.domain.actors import Actor
from taskapp.models import Task
from taskapp.services import tasks

Act = Literal["complete", "reopen", "delete"]


@dataclass(frozen=True)
class Done:
    """What an act did: to how many tasks, and its instant, by which it can be undone."""

    act: Act
    count: int
    moment: datetime


def act_on(actor: Actor, act: Act, chosen: Collection[int] | tasks.Filter) -> Done:
    """Complete, reopen or delete those of the actor's tasks, by their ids or by a filter.

    Ids of others' tasks are passed over, and so are tasks that are so already.
    """
    moment = now()
    where = (
        tasks.conditions(actor, chosen)
        if isinstance(chosen, tasks.Filter)
        else [*tasks.conditions(actor), Task.id.in_(chosen)]
    )
    if act == "delete":
        return Done(act, _change(where, {"deleted_at": moment}, moment), moment)
    wanted = act == "complete"
    return Done(
        act, _change([*where, Task.completed != wanted], {"completed": wanted}, moment), moment
    )


def undo(actor: Actor, act: Act, moment: datetime, *, keep: timedelta) -> int:
    """Take back an act of that instant; return for how many tasks. Others are left alone.

    What was deleted can be had back for as long as the trash is kept.
    """
    own = Task.user_id == actor.id
    if act == "delete":
        deleted = [own, Task.deleted_at == moment, Task.deleted_at > now() - keep]
        return _change(deleted, {"deleted_at": None}, now())
    was = act == "complete"
    touched = [own, Task.deleted_at.is_(None), Task.updated_at == moment, Task.completed == was]
    return _change(touched, {"completed": not was}, now())


def _change(where: list[ColumnElement[bool]], values: dict[str, Any], moment: datetime) -> int:
    marks = {"updated_at": moment, "version": Task.version + 1}
    with transaction() as session:
        query = update(Task).where(*where).values(values | marks)
        return session.connection().execute(query).rowcount

"""The trash: deleted tasks, which can be had back for a while and then go for good.

How long is the caller's to say (`keep`). What is older is out of reach at once, and removed by
expire().
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select

from taskapp.db import now, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import NotFound
from taskapp.models import Task
from taskapp.services import paging
from taskapp.services.paging import Page, Position

_DELETED_AT = Task.__table__.c.deleted_at
_ID = Task.__table__.c.id


def list_page(
    actor: Actor, *, keep: timedelta, limit: int = 100, after: Position | None = None
) -> Page:
    """The actor's deleted tasks, the one deleted last first."""
    query = select(Task.__table__).where(*_within_reach(actor, keep))
    return paging.take(query, _DELETED_AT, _ID, backwards=True, limit=limit, after=after)


def restore(actor: Actor, task_id: int, *, keep: timedelta) -> Task:
    """Take a task out of the trash, as it was; raise NotFound."""
    with transaction() as session:
        query = select(Task).where(Task.id == task_id, *_within_reach(actor, keep))
        task = session.scalar(query.with_for_update().execution_options(populate_existing=True))
        if task is None:
            raise NotFound("There is no such task in the trash.")
        task.deleted_at = None
    return task


def purge(actor: Actor, task_id: int) -> None:
    """Remove a deleted task for good; raise NotFound."""
    with transaction() as session:
        gone = delete(Task).where(Task.id == task_id, *_deleted_by(actor))
        if not session.connection().execute(gone).rowcount:
            raise NotFound("There is no such task in the trash.")


def empty(actor: Actor) -> None:
    """Remove all of the actor's deleted tasks for good."""
    with transaction() as session:
        session.execute(delete(Task).where(*_deleted_by(actor)))


def expire(actor: Actor | None = None, *, keep: timedelta) -> int:
    """Remove what was deleted longer ago than that, everybody's or one actor's; return how many."""
    gone = delete(Task).where(Task.deleted_at <= now() - keep)
    if actor is not None:
        gone = gone.where(Task.user_id == actor.id)
    with transaction() as session:
        return session.connection().execute(gone).rowcount


def _deleted_by(actor: Actor) -> list[ColumnElement[bool]]:
    return [Task.user_id == actor.id, Task.deleted_at.is_not(None)]


def _within_reach(actor: Actor, keep: timedelta) -> list[ColumnElement[bool]]:
    return [Task.user_id == actor.id, Task.deleted_at > now() - keep]

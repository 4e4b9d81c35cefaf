"""Whose days: where tasks stand in the calendar of somebody who goes to another time zone."""

from sqlalchemy import select, update

from taskapp.db import fetch, transaction
from taskapp.domain import dates
from taskapp.domain.actors import Actor
from taskapp.models import Task


def move(actor: Actor, zone_name: str) -> None:
    """Put what is due at an instant on the day that this is in another zone.

    Nothing of the tasks themselves changes.
    """
    timed = select(Task.id, Task.due_at).where(Task.user_id == actor.id, Task.due_at.is_not(None))
    with transaction() as session:
        places: dict[str, list[int]] = {}
        for row in fetch(timed):
            places.setdefault(dates.agenda(None, row.due_at, zone_name), []).append(row.id)
        for place, ids in places.items():
            query = update(Task.__table__).where(Task.__table__.c.id.in_(ids))
            session.execute(query.values(agenda=place, updated_at=Task.updated_at))

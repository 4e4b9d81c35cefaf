"""What happened: the events of an account, to look back, to undo, and to keep copies current."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from taskapp.db import AnyRow, db, fetch, now, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict, Forgotten, NotFound
from taskapp.models import Event, Task, TaskLabel, User
from taskapp.services import trees
from taskapp.services.paging import Page, Position, one_more
from taskapp.services.records import TABLES, Act, Kind, act, batches, from_json, own

# How many events are looked at, and removed, at a time.
PRUNE_BATCH = 5000
# No event has such an id yet.
ID_MOST = 2**63 - 1

COLUMNS = [*Event.__table__.c, func.coalesce(Event.first_id, Event.id).label("act")]


@dataclass(frozen=True)
class Changes:
    """Some events in their order, the last of which is `position`, and whether there are more."""

    events: Sequence[AnyRow]
    position: int
    more: bool


def position(actor: Actor) -> int:
    """Where the actor's history is now: the id of its last event, 0 before the first.

    That one may be no longer kept.
    """
    last = select(func.max(Event.id)).where(Event.user_id == actor.id).scalar_subquery()
    [row] = fetch(select(func.coalesce(last, User.history_from)).where(User.id == actor.id))
    where: int = row[0]
    return where


def changes(actor: Actor, since: int, *, limit: int = 100) -> Changes:
    """What changed after a position, in its order: each change once, and none left out.

    Raise Forgotten when some of that is no longer kept.
    """
    [account] = fetch(select(User.history_from).where(User.id == actor.id))
    if since < account.history_from:
        raise Forgotten
    holds, order = _stretch({Event.user_id: actor.id}, since, ID_MOST)
    found = fetch(select(*COLUMNS).where(*holds).order_by(*order).limit(one_more(limit)))
    events = found[:limit]
    return Changes(events, events[-1].id if events else since, len(found) > limit)


def activity(
    actor: Actor,
    *,
    task_id: int | None = None,
    limit: int = 100,
    after: Position | None = None,
) -> Page:
    """What happened, the last first: to one task, or to all that is the actor's."""
    whose: dict[Any, Any] = {Event.user_id: actor.id}
    if task_id is not None:
        whose |= {Event.kind: "task", Event.thing_id: task_id}
    holds, order = _stretch(whose, 0, after[1] if after is not None else ID_MOST)
    backwards = [each.desc() for each in order]
    found = fetch(select(*COLUMNS).where(*holds).order_by(*backwards).limit(one_more(limit)))
    rows = found[:limit]
    return Page(rows, ("", rows[-1].id) if len(found) > limit else None)


def undo(actor: Actor, act_id: int) -> int:
    """Take an act back as far as nothing has changed since; return for how many things.

    It is an act itself, which can be undone. Raise NotFound for an act that is not the actor's or
    no longer kept, and Conflict when what has been done since stands in the way.
    """
    query = select(*COLUMNS).where(
        Event.user_id == actor.id, or_(Event.id == act_id, Event.first_id == act_id)
    )
    events = fetch(query.order_by(Event.id.desc()))
    if not events or events[-1].id != act_id or events[-1].first_id is not None:
        raise NotFound("There is no such act, or it is no longer known.")
    try:
        with act(actor, undoes=act_id) as doing:
            for event in events:
                _take_back(doing, event)
            _lead_trash(doing)
            _check(doing)
            return len({(each["kind"], each["thing_id"]) for each in doing.events})
    except IntegrityError:
        raise _blocked() from None


def prune(*, keep: timedelta) -> int:
    """Remove the events that are older than that; return how many."""
    oldest, removed = now() - keep, 0
    while True:
        some = select(Event.id, Event.user_id, Event.at).order_by(Event.id).limit(PRUNE_BATCH)
        old = {row.id: row.user_id for row in fetch(some) if row.at < oldest}
        if not old:
            return removed
        # In ascending order, so that the last of each account remains.
        last = {user_id: id_ for id_, user_id in sorted(old.items())}
        with transaction() as session:
            session.execute(delete(Event.__table__).where(Event.__table__.c.id.in_(old)))
            for user_id, id_ in sorted(last.items()):
                account = update(User.__table__).where(User.__table__.c.id == user_id)
                session.execute(account.values(history_from=id_, updated_at=User.updated_at))
        removed += len(old)


def _stretch(
    whose: dict[Any, Any], first: int, last: int
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[Any]]]:
    """That an event has these values and an id between two; and the order of such events.

    PostgreSQL is told by comparing whole rows. With "=" it may go through the events of all
    accounts by their ids until it meets enough of this one, which may have been idle for long.
    """
    if db.engine.dialect.name == "sqlite":
        same = [column == value for column, value in whose.items()]
        return [*same, Event.id > first, Event.id < last], [Event.__table__.c.id]
    columns = [*whose, Event.__table__.c.id]
    place, values = tuple_(*columns), whose.values()
    return [place > (*values, first), place < (*values, last)], columns


def _take_back(doing: Act, event: AnyRow) -> None:
    kind: Kind = event.kind
    row = doing.one(kind, event.thing_id)
    before = {k: from_json(kind, k, v) for k, v in event.before.items()}
    after = {k: from_json(kind, k, v) for k, v in event.after.items()}
    if not before:
        _uncreate(doing, kind, row)
    elif event.verb == "removed":
        if kind in ("task", "project"):
            raise Conflict("What was removed for good cannot be had back.", code="undo_blocked")
        if row is None:
            doing.add(kind, before | {"id": event.thing_id}, "restored")
    elif row is not None:
        same = {name for name in before if getattr(row, name) == after[name]}
        split = {name for group in _TOGETHER if not group & before.keys() <= same for name in group}
        untouched = {name: before[name] for name in same - split}
        doing.change(kind, [row], untouched, _OPPOSITE.get(event.verb, "updated"))


# What makes sense only together: when one of them has changed since, the others stay as well.
_TOGETHER = (
    {"completed", "completed_at"},
    {"due_on", "due_at", "due_zone"},
    {"project_id", "section_id", "parent_id"},
)
_OPPOSITE: dict[str, Literal["deleted", "restored"]] = {
    "deleted": "restored",
    "restored": "deleted",
}


def _uncreate(doing: Act, kind: Kind, row: Any) -> None:
    if row is None:
        return
    if kind in ("section", "label"):
        _clear(doing, kind, row.id)
        doing.remove(kind, [row])
    elif row.deleted_at is None:
        doing.change(kind, [row], {"deleted_at": doing.moment}, "deleted")


def _clear(doing: Act, kind: Kind, id_: int) -> None:
    """Take a section or label from the tasks in the trash; refuse when another is in it."""
    bearing = select(TaskLabel.task_id).where(TaskLabel.label_id == id_)
    uses = Task.section_id == id_ if kind == "section" else Task.id.in_(bearing)
    for task in fetch(own("task", doing.actor).where(uses)):
        if task.deleted_at is None:
            raise _blocked()
        labels = [each for each in task.labels if each != id_]
        doing.change(
            "task", [task], {"section_id": None} if kind == "section" else {"labels": labels}
        )


def _lead_trash(doing: Act) -> None:
    """Take what is in the trash along: below tasks that go back, and in sections that do."""
    moved = [each for each in doing.events if "project_id" in each["before"] and each["after"]]
    for event in moved:
        project = {"project_id": event["after"]["project_id"]}
        if event["kind"] == "task":
            rows = trees.below(doing.actor, [event["thing_id"]], in_trash=True)
            doing.change("task", rows, project)
        else:
            inside = own("task", doing.actor).where(Task.section_id == event["thing_id"])
            rows = list(fetch(inside.where(Task.deleted_at.is_not(None))))
            below = trees.below(doing.actor, [row.id for row in rows], in_trash=True)
            doing.change("task", [*rows, *below], project)


def _check(doing: Act) -> None:
    """Refuse to leave behind what no other act would: an open task below a done one, say."""
    touched: dict[str, set[int]] = {kind: set() for kind in TABLES}
    for event in doing.events:
        touched[event["kind"]].add(event["thing_id"])
    for broken, column, kind in _broken(doing.actor):
        for batch in batches(sorted(touched[kind])):
            if fetch(broken.where(column.in_(batch)).limit(1)):
                raise _blocked()


def _broken(actor: Actor) -> Iterator[tuple[Select[*tuple[Any, ...]], Any, Kind]]:
    """Where somebody's things contradict each other: each way, as seen from each of the two."""
    task, parent = TABLES["task"].c, TABLES["task"].alias("parent").c
    project, section = TABLES["project"].c, TABLES["section"].c
    in_trash = and_(task.deleted_at.is_(None), parent.deleted_at.is_not(None))
    is_open = and_(task.deleted_at.is_(None), ~task.completed, parent.completed)
    elsewhere = task.project_id.is_distinct_from(parent.project_id)
    below = select(task.id).where(task.user_id == actor.id, task.parent_id == parent.id)
    below = below.where(or_(in_trash, is_open, elsewhere, task.section_id.is_not(None)))
    inside = select(task.id).where(task.user_id == actor.id, task.project_id == project.id)
    inside = inside.where(task.deleted_at.is_(None), project.deleted_at.is_not(None))
    under = select(task.id).where(task.user_id == actor.id, task.section_id == section.id)
    under = under.where(task.project_id.is_distinct_from(section.project_id))
    yield from ((below, task.id, "task"), (below, parent.id, "task"))
    yield from ((inside, task.id, "task"), (inside, project.id, "project"))
    yield from ((under, task.id, "task"), (under, section.id, "section"))


def _blocked() -> Conflict:
    return Conflict("What has been done since stands in the way.", code="undo_blocked")

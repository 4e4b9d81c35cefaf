"""What is stored of somebody's things, and what is always true of it."""

import secrets
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select

from taskapp.db import AnyRow, fetch, transaction
from taskapp.domain import dates
from taskapp.domain.actors import Actor
from taskapp.domain.tasks import DEPTH_MOST
from taskapp.models import Event, TaskLabel, User
from taskapp.services.records import FIELDS, TABLES, Kind, fields_of, own, to_json

KINDS: tuple[Kind, ...] = ("task", "project", "section", "label")
# The fields of each thing, as events tell of them, by kind and id.
Fields = dict[str, Any]
State = dict[tuple[str, int], Fields]


def somebody(zone_name: str = "UTC") -> Actor:
    """A new account, without the cost of a password."""
    values = {
        "email": f"{secrets.token_hex(8)}@example.com",
        "hashed_password": "",
        "time_zone": zone_name,
    }
    with transaction() as session:
        query = insert(User).values(values).returning(User.id)
        return Actor(session.execute(query).scalar_one())


def rows(kind: Kind, actor: Actor) -> list[AnyRow]:
    """All of somebody's things of a kind, the trash included."""
    return list(fetch(own(kind, actor).order_by(TABLES[kind].c.id)))


def tables(actor: Actor) -> State:
    """What the tables tell of somebody's things."""
    return {
        (kind, row.id): {name: to_json(value) for name, value in fields_of(kind, row).items()}
        for kind in KINDS
        for row in rows(kind, actor)
    }


def everything(actor: Actor) -> dict[tuple[str, int], Fields]:
    """Every column of somebody's things, and which labels their tasks bear."""
    return {(kind, row.id): dict(row._mapping) for kind in KINDS for row in rows(kind, actor)}


def events(actor: Actor) -> list[AnyRow]:
    """Somebody's whole log."""
    query = select(*Event.__table__.c).where(Event.user_id == actor.id)
    return list(fetch(query.order_by(Event.id)))


def replay(log: Iterable[AnyRow], state: State | None = None) -> State:
    """The state that a log tells of; what an event says was before must have been so."""
    state = {key: dict(fields) for key, fields in (state or {}).items()}
    for event in log:
        key = (event.kind, event.thing_id)
        if not event.before:
            assert key not in state, f"{key} was made twice"
            state[key] = {}
        now = {name: state[key].get(name) for name in event.before}
        assert now == event.before, f"{event.verb} {key}"
        if event.verb == "removed":
            assert state.pop(key) == event.before
        else:
            state[key] |= event.after
    return state


def without_trash(state: State) -> State:
    """The things in use."""
    return {key: fields for key, fields in state.items() if not fields.get("deleted_at")}


def assert_sound(actor: Actor, zone_name: str = "UTC") -> None:
    """What is true of everybody's things at all times."""
    all_tasks = {row.id: row for row in rows("task", actor)}
    projects = {row.id: row for row in rows("project", actor)}
    sections = {row.id: row for row in rows("section", actor)}
    labels = {row.id for row in rows("label", actor)}
    borne = labels_of(all_tasks)
    open_below, done_below = Counter[int](), Counter[int]()
    for task in all_tasks.values():
        assert task.completed == (task.completed_at is not None)
        assert task.due_on is None or task.due_at is None
        assert (task.due_zone is None) == (task.due_at is None)
        assert task.agenda == dates.agenda(task.due_on, task.due_at, zone_name)
        assert task.labels == borne[task.id]
        assert set(task.labels) <= labels
        assert task.project_id is None or task.project_id in projects
        if task.section_id is not None:
            assert task.parent_id is None
            assert sections[task.section_id].project_id == task.project_id
        if task.deleted_at is None and task.project_id is not None:
            assert projects[task.project_id].deleted_at is None
        if task.parent_id is None:
            assert task.depth == 0
            continue
        parent = all_tasks[task.parent_id]
        assert task.depth == parent.depth + 1 <= DEPTH_MOST
        assert task.project_id == parent.project_id
        if task.deleted_at is None:
            (done_below if task.completed else open_below)[parent.id] += 1
            assert parent.deleted_at is None
            assert task.completed or not parent.completed
    for task in all_tasks.values():
        assert task.subtasks_open == open_below[task.id]
        assert task.subtasks_done == done_below[task.id]


def labels_of(tasks: Iterable[int]) -> dict[int, list[int]]:
    """What tasks bear, as their labels tell."""
    query = select(TaskLabel.task_id, TaskLabel.label_id).order_by(TaskLabel.label_id)
    found: dict[int, list[int]] = {id_: [] for id_ in tasks}
    for row in fetch(query.where(TaskLabel.task_id.in_(found))):
        found[row.task_id].append(row.label_id)
    return found


def strangers_labels(actors: Iterable[Actor]) -> list[AnyRow]:
    """Where a task bears a label that is not its owner's."""
    task, label = TABLES["task"].c, TABLES["label"].c
    ids = [actor.id for actor in actors]
    query = select(task.id).join(TaskLabel, TaskLabel.task_id == task.id)
    query = query.join(TABLES["label"], label.id == TaskLabel.label_id)
    return list(fetch(query.where(task.user_id.in_(ids), task.user_id != label.user_id)))


assert FIELDS.keys() == set(KINDS)

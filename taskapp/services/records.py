"""How tasks, projects, sections and labels are written: every change together with its event.

    with act(actor) as doing:
        row = doing.one("task", task_id)
        doing.change("task", [row], {"title": "..."})

An act locks its owner's account first. So one account's changes come one after another, and the ids
of its events in the order in which they were committed: whoever has read up to one has missed none.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnDefault,
    Date,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from taskapp.db import AnyRow, BigId, Instant, fetch, now, savepoint, transaction
from taskapp.domain import dates, projects, ranks
from taskapp.domain.actors import Actor
from taskapp.domain.errors import StaleVersion
from taskapp.models import Event, Label, Project, Section, Task, TaskLabel, User
from taskapp.services import standing
from taskapp.services.standing import OWNER
from taskapp.statements import Kept

Kind = Literal["task", "project", "section", "label"]
Verb = Literal["created", "updated", "deleted", "restored", "removed"]

# As many as a database takes in one statement without effort.
BATCH = 500


# That a task bears a label; the copies are those of the task as it is stored.
_BEAR = insert(TaskLabel.__table__).values(
    task_id=bindparam("task"),
    label_id=bindparam("label"),
    **{
        copied.name: select(copied).where(Task.id == bindparam("task")).scalar_subquery()
        for copied in (Task.__table__.c.completed, Task.__table__.c.created_at)
    },
)

TABLES: dict[Kind, Table] = {
    "task": Task.__table__,
    "project": Project.__table__,
    "section": Section.__table__,
    "label": Label.__table__,
}
COLUMNS: dict[Kind, list[Any]] = {kind: list(table.c) for kind, table in TABLES.items()}

# What events tell of a thing; all else follows from it, or tells when and how often it changed.
FIELDS: dict[Kind, tuple[str, ...]] = {
    "task": (
        *("title", "description", "completed", "completed_at", "priority", "labels"),
        *("project_id", "section_id", "parent_id", "rank"),
        *("due_on", "due_at", "due_zone", "start_on", "created_at", "deleted_at"),
    ),
    "project": ("name", "color", "rank", "archived", "created_at", "deleted_at"),
    "section": ("project_id", "name", "rank", "created_at"),
    "label": ("name", "color", "created_at"),
}


# What decides how a subtask counts with its parent.
COUNTED = {"completed", "deleted_at", "parent_id"}

# ---------------------------------------------------------------- what every act sends

# Two may read an account at once; two acts in its name come one after the other.
_ACCOUNT = Kept(
    select(User.time_zone, User.is_active, User.credentials_changed_at)
    .where(User.id == OWNER)
    .with_for_update(key_share=True)
)
_ID = bindparam("this_id", type_=BigId)
_ONE: dict[Kind, Kept] = {
    kind: Kept(select(*COLUMNS[kind]).where(table.c.user_id == OWNER, table.c.id == _ID))
    for kind, table in TABLES.items()
}
_EVENT = Kept(
    insert(Event.__table__)
    .values(
        {
            column.name: bindparam(column.name)
            for column in Event.__table__.c
            if column.name not in ("id", "first_id")
        }
    )
    .returning(Event.__table__.c.id)
)


@lru_cache(maxsize=256)
def _insertion(kind: Kind, names: tuple[str, ...]) -> Kept:
    """Stores a thing of which these columns are given, and tells COLUMNS."""
    values: dict[str, Any] = {
        column.name: column.default.arg
        for column in TABLES[kind].c
        if isinstance(column.default, ColumnDefault) and column.default.is_scalar
    }
    values |= {name: bindparam(name) for name in names}
    return Kept(insert(TABLES[kind]).values(values).returning(*COLUMNS[kind]))


@lru_cache(maxsize=256)
def _change(kind: Kind, names: tuple[str, ...]) -> Kept:
    """Changes these columns of one thing, and tells COLUMNS."""
    table = TABLES[kind]
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    values["version"] = table.c.version + 1
    return Kept(update(table).where(table.c.id == _ID).values(values).returning(*COLUMNS[kind]))


def own(kind: Kind, actor: Actor) -> Select[*tuple[Any, ...]]:
    """The actor's things of a kind, what is in the trash included."""
    return select(*COLUMNS[kind]).where(TABLES[kind].c.user_id == actor.id)


def fields_of(kind: Kind, row: Any) -> dict[str, Any]:
    """What events tell of a thing, as it is now."""
    return {name: getattr(row, name) for name in FIELDS[kind]}


class Act:
    """What somebody does at once: a few changes that are committed, and can be undone, together."""

    def __init__(
        self, session: Session, actor: Actor, zone_name: str, undoes: int | None = None
    ) -> None:
        """Begin one; act() is how."""
        self.session = session
        self.actor = actor
        self.zone_name = zone_name
        self.moment = now()
        self.undoes = undoes
        self.events: list[dict[str, Any]] = []
        self._parents: set[int] = set()
        # What is known already; nobody else changes it while the act lasts.
        self._known: dict[tuple[Kind, int], AnyRow] = {}

    @property
    def today(self) -> date:
        """Which day it is for the one who acts."""
        return dates.today(self.zone_name, self.moment)

    def new_rank(self) -> str:
        """The rank of what comes last."""
        return ranks.at(self.moment, len(self.events))

    def one(self, kind: Kind, id_: int) -> AnyRow | None:
        """One of the actor's things as it is now, be it in the trash."""
        if (kind, id_) not in self._known:
            found = fetch(_ONE[kind], {"owner_id": self.actor.id, "this_id": id_})
            if not found:
                return None
            self._known[kind, id_] = found[0]
        return self._known[kind, id_]

    def add(self, kind: Kind, values: Mapping[str, Any], verb: Verb = "created") -> AnyRow:
        """Store a new thing of the actor's."""
        marks = {"user_id": self.actor.id, "created_at": self.moment, "updated_at": self.moment}
        stored = {"created_at": self.moment, **values}
        columns = marks | stored | self._derived(kind, None, stored)
        [row] = fetch(_insertion(kind, tuple(sorted(columns))), columns)
        self._label([row.id], stored.get("labels", []))
        self._known[kind, row.id] = row
        self._note(kind, row.id, verb, {}, fields_of(kind, row))
        self._touch(kind, row)
        return row

    def change(
        self, kind: Kind, rows: Iterable[AnyRow], values: Mapping[str, Any], verb: Verb = "updated"
    ) -> int:
        """Give things the same values; what is so already is no change. Return how many changed."""
        changed: list[AnyRow] = []
        for row in rows:
            after = {k: v for k, v in values.items() if getattr(row, k) != v}
            if after:
                self._note(kind, row.id, verb, {k: getattr(row, k) for k in after}, after)
                if after.keys() & COUNTED:
                    self._touch(kind, row)
                changed.append(row)
        if changed:
            self._store(kind, changed, values)
        return len(changed)

    def remove(self, kind: Kind, rows: Iterable[AnyRow]) -> None:
        """Delete things for good."""
        table, rows = TABLES[kind], list(rows)
        self._known.clear()
        for row in rows:
            self._note(kind, row.id, "removed", fields_of(kind, row), {})
            self._touch(kind, row)
        for batch in batches([row.id for row in rows]):
            self.session.execute(delete(table).where(table.c.id.in_(batch)))

    def has_subtasks(self, task: AnyRow) -> bool:
        """Whether there are any in use below a task that this act has read."""
        return bool(task.subtasks_open or task.subtasks_done or task.id in self._parents)

    def settle(self) -> None:
        """Count the subtasks of those tasks that have gained, lost or changed one."""
        if not self._parents:
            return
        child = Task.__table__.alias()

        def count(completed: bool) -> Any:
            own = [child.c.parent_id == Task.id, child.c.deleted_at.is_(None)]
            return (
                select(func.count())
                .where(*own, child.c.completed == completed)
                .correlate(Task.__table__)
                .scalar_subquery()
            )

        counts = {"subtasks_open": count(False), "subtasks_done": count(True)}
        for batch in batches(sorted(self._parents)):
            query = update(TABLES["task"]).where(TABLES["task"].c.id.in_(batch))
            # What is counted is not the parent's own change.
            self.session.execute(query.values(counts | {"updated_at": Task.updated_at}))
        self._parents.clear()
        self._known.clear()

    def back_to(self, mark: int) -> None:
        """Forget what was done since there were so many events: the database has taken it back."""
        del self.events[mark:]
        self._known.clear()

    def write(self) -> None:
        """Store the events."""
        if not self.events:
            return
        common = {
            "user_id": self.actor.id,
            "actor_id": self.actor.id,
            "through": self.actor.through,
            "at": self.moment,
        }
        first, *others = self.events
        [[id_]] = fetch(_EVENT, first | common | {"undoes": self.undoes})
        for batch in batches(others):
            more = [each | common | {"first_id": id_} for each in batch]
            self.session.execute(insert(Event.__table__), more)
        self.actor.acts.append(id_)

    def _store(self, kind: Kind, rows: Sequence[AnyRow], values: Mapping[str, Any]) -> None:
        ids = [row.id for row in rows]
        if "labels" in values:
            self._unlabel(ids)
            self._label(ids, values["labels"])
        if kind == "task" and values.get("parent_id"):
            self._parents.add(values["parent_id"])
        table, stored = TABLES[kind], dict(values)
        columns = stored | self._derived(kind, rows[0], stored) | {"updated_at": self.moment}
        self._known.clear()
        if len(ids) == 1:
            kept = _change(kind, tuple(sorted(columns)))
            [self._known[kind, ids[0]]] = fetch(kept, columns | {"this_id": ids[0]})
            return
        query = update(table).values(columns | {"version": table.c.version + 1})
        for batch in batches(ids):
            self.session.execute(query.where(table.c.id.in_(batch)))

    def _derived(self, kind: Kind, row: AnyRow | None, values: dict[str, Any]) -> dict[str, Any]:
        """The columns that follow from those that change."""
        if kind == "label" and "name" in values:
            return {"key": projects.label_key(values["name"])}
        if kind != "task":
            return {}
        found: dict[str, Any] = {}
        if "due_on" in values or "due_at" in values:
            due = [values.get(k, getattr(row, k, None)) for k in ("due_on", "due_at")]
            found["agenda"] = dates.agenda(due[0], due[1], self.zone_name)
        if "parent_id" in values:
            found["parent_depth"] = self._depth(values["parent_id"])
        return found

    def _depth(self, task_id: int | None) -> int | None:
        if task_id is None:
            return None
        # None for one that is gone, which the database then refuses.
        return self.session.scalar(select(Task.depth).where(Task.id == task_id))

    def _unlabel(self, task_ids: Sequence[int]) -> None:
        for batch in batches(task_ids):
            self.session.execute(
                delete(TaskLabel.__table__).where(TaskLabel.__table__.c.task_id.in_(batch))
            )

    def _label(self, task_ids: Sequence[int], label_ids: Iterable[int]) -> None:
        pairs = [{"task": t, "label": each} for t in task_ids for each in label_ids]
        for batch in batches(pairs):
            self.session.execute(_BEAR, batch)

    def _touch(self, kind: Kind, row: AnyRow) -> None:
        if kind == "task" and row.parent_id is not None:
            self._parents.add(row.parent_id)

    def _note(
        self,
        kind: Kind,
        id_: int,
        verb: Verb,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        self.events.append(
            {
                "kind": kind,
                "thing_id": id_,
                "verb": verb,
                "before": {name: to_json(value) for name, value in before.items()},
                "after": {name: to_json(value) for name, value in after.items()},
            }
        )


@contextmanager
def act(actor: Actor, *, undoes: int | None = None) -> Iterator[Act]:
    """Do something in somebody's name; raise AuthenticationFailed unless they may.

    An act inside another joins it. What raises leaves nothing behind.
    """
    with transaction() as session:
        outer: Act | None = session.info.get("act")
        if outer is not None:
            yield outer
            return
        found = fetch(_ACCOUNT, {"owner_id": actor.id})
        standing.check(actor, *found)
        doing = session.info["act"] = Act(session, actor, found[0].time_zone, undoes)
        try:
            yield doing
            doing.settle()
            doing.write()
        finally:
            del session.info["act"]


@contextmanager
def attempt(doing: Act) -> Iterator[None]:
    """A part of an act that may fail alone: what raises takes only itself back."""
    mark = len(doing.events)
    try:
        with savepoint():
            yield
            doing.settle()
    except Exception:
        doing.back_to(mark)
        raise


def to_json(value: Any) -> Any:
    """A value as events keep it: days and instants as text (RFC 3339)."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def from_json(kind: Kind, name: str, value: Any) -> Any:
    """What to_json() was given, for a field of a kind."""
    if value is None:
        return value
    type_ = TABLES[kind].c[name].type
    if isinstance(type_, Instant):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(type_, Date) else value


def check_version(row: AnyRow, seen: Collection[int] | None) -> None:
    """Raise StaleVersion when versions are named, and the row's is none of them."""
    if seen is not None and row.version not in seen:
        raise StaleVersion


def batches(values: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """The same, in parts that a database takes in one statement."""
    return (values[i : i + size] for i in range(0, len(values), size))

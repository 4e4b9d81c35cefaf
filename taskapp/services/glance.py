"""What somebody has at a glance: their projects, labels, and how many tasks wait in each place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    false,
    func,
    literal_column,
    select,
    union_all,
)

from taskapp.db import AnyRow, fetch
from taskapp.domain.actors import Actor
from taskapp.models import Label, Project, Section, Task, TaskLabel
from taskapp.services.filters import Filter, conditions, is_completed
from taskapp.services.records import own
from taskapp.services.standing import OWNER
from taskapp.services.tasks import COUNT_MOST as COUNTED_MOST
from taskapp.services.tasks import Counts, count
from taskapp.statements import Kept

# Beyond it, counting stops: more than anybody takes in at a glance, and cheap to find out.
COUNT_MOST = 100


@dataclass(frozen=True)
class Overview:
    """An account at a glance: projects and labels in their order, and counts of open tasks.

    COUNT_MOST stands for as many and more. Archived projects are among the projects.
    """

    projects: Mapping[int, AnyRow] = field(default_factory=dict)
    labels: Mapping[int, AnyRow] = field(default_factory=dict)
    inbox: int = 0
    today: int = 0
    # Of the tasks that were to be counted besides, if any were.
    counts: Counts | None = None


def look(actor: Actor, today: date, counted: Filter | None = None) -> Overview:
    """What there is, in one statement that counts COUNT_MOST tasks at most in each place.

    What a filter lets through is counted besides, as by tasks.count(); in the same statement, if
    many ask for the same.
    """
    along = counted if counted is not None and counted.is_plain else None
    # Sorted here: ranks and names are not sorted by the same rules in the database.
    found = fetch(_kept(today, along), {"owner_id": actor.id})
    rows = sorted(found, key=lambda row: (row.at, row.id))
    counts = {row.kind: row.open for row in rows}
    if along is not None:
        besides: Counts | None = Counts(open=counts["open"], done=counts["done"])
    else:
        besides = None if counted is None else count(actor, counted)
    return Overview(
        projects={row.id: row for row in rows if row.kind == "project"},
        labels={row.id: row for row in rows if row.kind == "label"},
        inbox=counts["inbox"],
        today=counts["today"],
        counts=besides,
    )


# At most three days are today somewhere.
@lru_cache(maxsize=64)
def _kept(today: date, counted: Filter | None) -> Kept:
    parts = [_inbox(), _today(today), _projects(), _labels()]
    if counted is not None:
        for kind, is_done in (("open", False), ("done", True)):
            some = replace(counted, completed=is_done)
            parts.append(_place(kind, some, most=COUNTED_MOST))
    all_: CompoundSelect[*tuple[Any, ...]] = union_all(*parts)
    return Kept(all_)


def list_sections(actor: Actor) -> Sequence[AnyRow]:
    """All sections of the actor's projects in their order, as a choice among them needs them."""
    query = own("section", actor).with_only_columns(Section.id, Section.project_id, Section.name)
    return fetch(query.order_by(Section.rank, Section.id))


def count_labelled(actor: Actor) -> Mapping[int, int]:
    """How many open tasks bear each of the actor's labels; COUNT_MOST is as many and more."""
    bearing = select(Task.id).join(TaskLabel, TaskLabel.task_id == Task.id)
    inside = [TaskLabel.label_id == Label.id, is_completed(False, TaskLabel)]
    open_ = _count(bearing.where(*conditions(actor.id), *inside).correlate(Label))
    query = select(Label.id, open_.label("open")).where(Label.user_id == actor.id)
    return {row.id: row.open for row in fetch(query)}


def _projects() -> Select[*tuple[Any, ...]]:
    inside = conditions(OWNER, Filter(completed=False, parent="none"))
    open_ = _count(select(Task.id).where(*inside, Task.project_id == Project.id).correlate(Project))
    at = (Project.id, Project.name, Project.color, Project.rank, Project.archived)
    query = select(*_columns("project", *at, open_))
    return query.where(Project.user_id == OWNER, Project.deleted_at.is_(None))


def _labels() -> Select[*tuple[Any, ...]]:
    at = (Label.id, Label.name, Label.color, Label.key, false())
    return select(*_columns("label", *at, _ZERO)).where(Label.user_id == OWNER)


def _inbox() -> Select[*tuple[Any, ...]]:
    # What is in no project is in no section: to say so leads right to its part of the index.
    inside = Filter(completed=False, project="inbox", section="none", parent="none")
    return _place("inbox", inside)


def _today(today: date) -> Select[*tuple[Any, ...]]:
    due = Filter(completed=False, due_to=today, started_by=today, archived=False)
    return _place("today", due)


def _place(kind: str, filter_: Filter, most: int = COUNT_MOST) -> Select[*tuple[Any, ...]]:
    open_ = _count(select(Task.id).where(*conditions(OWNER, filter_)), most)
    return select(*_columns(kind, _ZERO, _said(""), _said(""), _said(""), false(), open_))


def _columns(kind: str, *values: Any) -> list[Any]:
    names = ("kind", "id", "name", "color", "at", "archived", "open")
    together = zip(names, (_said(kind), *values), strict=True)
    return [value.label(name) for name, value in together]


def _count(some: Select[Any], most: int = COUNT_MOST) -> ColumnElement[int]:
    # No parameter: a server that has planned this for good has to know how few are wanted.
    bounded = some.limit(literal_column(str(most))).subquery()
    return select(func.count()).select_from(bounded).scalar_subquery()


def _said(word: str) -> ColumnElement[str]:
    """A word of ours as a column; as a parameter it would be sent anew each time."""
    return literal_column(f"'{word}'", String)


_ZERO: ColumnElement[int] = literal_column("0", Integer)

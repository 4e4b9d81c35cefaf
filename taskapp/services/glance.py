"""What somebody has at a glance: their projects, labels, and how many tasks wait in each place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    false,
    func,
    literal,
    select,
    union_all,
)

from taskapp.db import AnyRow, fetch
from taskapp.domain.actors import Actor
from taskapp.models import Label, Project, Section, Task, TaskLabel
from taskapp.services.filters import Filter, conditions, is_completed, select_tasks
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
    along = counted if counted is not None and counted.is_common else None
    numbers = along.numbers() if along else {}
    kept = _kept(today, along.without_numbers() if along else None)
    # Sorted here: ranks and names are not sorted by the same rules in the database.
    found = fetch(kept, {"owner_id": actor.id, **numbers})
    rows = sorted(found, key=lambda row: (row.at, row.id))
    counts = {row.kind: row.open for row in rows}
    if along is not None:
        besides: Counts | None = Counts(counts.get("open", 0), counts.get("done", 0))
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
            if counted.completed in (None, is_done):
                some = replace(counted, completed=is_done)
                parts.append(_place(kind, some, most=COUNTED_MOST))
    all_: CompoundSelect[*tuple[Any, ...]] = union_all(*parts)
    # With the day as a parameter a server would reckon that it is better to plan it each time.
    return Kept(all_, says_values=True)


def list_sections(actor: Actor) -> Sequence[AnyRow]:
    """All sections of the actor's projects in their order, as a choice among them needs them."""
    query = own("section", actor).with_only_columns(Section.id, Section.project_id, Section.name)
    return fetch(query.order_by(Section.rank, Section.id))


def count_labelled(actor: Actor) -> Mapping[int, int]:
    """How many open tasks bear each of the actor's labels; COUNT_MOST is as many and more."""
    return {row.id: row.open for row in fetch(_LABELLED, {"owner_id": actor.id})}


def _projects() -> Select[*tuple[Any, ...]]:
    # Apart, so that indexes alone tell either. In a section there are no subtasks.
    loose = conditions(OWNER, Filter(completed=False, section="none", parent="none"))
    filed = [Task.section_id == Section.id, *conditions(OWNER, Filter(completed=False))]
    inside = union_all(
        select(Task.id).where(Task.project_id == Project.id, *loose).correlate(Project),
        select(Task.id).where(Section.project_id == Project.id, *filed).correlate(Project),
    )
    open_ = _count(inside)
    at = (Project.id, Project.name, Project.color, Project.rank, Project.archived)
    query = select(*_columns("project", *at, open_))
    return query.where(Project.user_id == OWNER, Project.deleted_at.is_(None))


def _labels() -> Select[*tuple[Any, ...]]:
    at = (Label.id, Label.name, Label.color, Label.key, false())
    return select(*_columns("label", *at, literal(0))).where(Label.user_id == OWNER)


def _inbox() -> Select[*tuple[Any, ...]]:
    return _place("inbox", Filter(completed=False, project="inbox", parent="none"))


def _today(today: date) -> Select[*tuple[Any, ...]]:
    due = Filter(completed=False, due_to=today, started_by=today, archived=False)
    return _place("today", due)


def _place(kind: str, filter_: Filter, most: int = COUNT_MOST) -> Select[*tuple[Any, ...]]:
    open_ = _count(select_tasks(OWNER, filter_, [Task.id]), most)
    nothing = (literal(0), literal(""), literal(""), literal(""))
    return select(*_columns(kind, *nothing, false(), open_))


def _columns(kind: str, *values: Any) -> list[Any]:
    names = ("kind", "id", "name", "color", "at", "archived", "open")
    together = zip(names, (literal(kind), *values), strict=True)
    return [value.label(name) for name, value in together]


def _count(
    some: Select[Any] | CompoundSelect[*tuple[Any, ...]], most: int = COUNT_MOST
) -> ColumnElement[int]:
    bounded = some.limit(most).subquery()
    return select(func.count()).select_from(bounded).scalar_subquery()


def _labelled() -> Select[*tuple[Any, ...]]:
    bearing = select(Task.id).join(TaskLabel, TaskLabel.task_id == Task.id)
    inside = [TaskLabel.label_id == Label.id, is_completed(False, TaskLabel)]
    open_ = _count(bearing.where(*conditions(OWNER), *inside).correlate(Label))
    return select(Label.id, open_.label("open")).where(Label.user_id == OWNER)


_LABELLED = Kept(_labelled(), says_values=True)

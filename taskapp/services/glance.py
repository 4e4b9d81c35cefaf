"""What somebody has at a glance: their projects, labels, and how many tasks wait in each place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, literal, select, union_all

from taskapp.db import AnyRow, fetch
from taskapp.domain.actors import Actor
from taskapp.models import Label, Project, Section, Task, TaskLabel
from taskapp.services.filters import Filter, conditions, is_completed
from taskapp.services.records import own

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


def look(actor: Actor, today: date) -> Overview:
    """What there is, in one statement that counts COUNT_MOST tasks at most in each place."""
    parts = [_inbox(actor), _today(actor, today), _projects(actor), _labels(actor)]
    # Sorted here: ranks and names are not sorted by the same rules in the database.
    rows = sorted(fetch(select(union_all(*parts).subquery())), key=lambda row: (row.at, row.id))
    counts = {row.kind: row.open for row in rows}
    return Overview(
        projects={row.id: row for row in rows if row.kind == "project"},
        labels={row.id: row for row in rows if row.kind == "label"},
        inbox=counts["inbox"],
        today=counts["today"],
    )


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


def _projects(actor: Actor) -> Select[*tuple[Any, ...]]:
    inside = conditions(actor.id, Filter(completed=False, parent="none"))
    open_ = _count(select(Task.id).where(*inside, Task.project_id == Project.id).correlate(Project))
    at = (Project.id, Project.name, Project.color, Project.rank, Project.archived)
    query = select(*_columns("project", *at, open_))
    return query.where(Project.user_id == actor.id, Project.deleted_at.is_(None))


def _labels(actor: Actor) -> Select[*tuple[Any, ...]]:
    at = (Label.id, Label.name, Label.color, Label.key, false())
    return select(*_columns("label", *at, literal(0))).where(Label.user_id == actor.id)


def _inbox(actor: Actor) -> Select[*tuple[Any, ...]]:
    # What is in no project is in no section: to say so leads right to its part of the index.
    inside = Filter(completed=False, project="inbox", section="none", parent="none")
    return _place("inbox", actor, inside)


def _today(actor: Actor, today: date) -> Select[*tuple[Any, ...]]:
    due = Filter(completed=False, due_to=today, started_by=today, archived=False)
    return _place("today", actor, due)


def _place(kind: str, actor: Actor, filter_: Filter) -> Select[*tuple[Any, ...]]:
    open_ = _count(select(Task.id).where(*conditions(actor.id, filter_)))
    at = (literal(0), literal(""), literal(""), literal(""), false())
    return select(*_columns(kind, *at, open_))


def _columns(kind: str, *values: Any) -> list[Any]:
    names = ("kind", "id", "name", "color", "at", "archived", "open")
    return [value.label(name) for name, value in zip(names, (literal(kind), *values), strict=True)]


def _count(some: Select[Any]) -> ColumnElement[int]:
    bounded = some.limit(COUNT_MOST).subquery()
    return select(func.count()).select_from(bounded).scalar_subquery()

"""Which tasks a list shows, and in which order."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
)

from taskapp.db import BigId, fits_folded, now
from taskapp.domain import dates
from taskapp.models import Project, Section, Task, TaskLabel
from taskapp.services.records import COLUMNS

# What a list may be ordered by; "-" before a name turns the order round.
ORDERS: dict[str, ColumnElement[Any]] = {
    "created_at": Task.__table__.c.created_at,
    "updated_at": Task.__table__.c.updated_at,
    "title": func.lower(Task.title),
    "rank": Task.__table__.c.rank,
    "due": Task.__table__.c.agenda,
    # A row that somebody put in by SQL may not say when it was completed.
    "completed_at": func.coalesce(Task.__table__.c.completed_at, Task.__table__.c.created_at),
}


@dataclass(frozen=True)
class Given:
    """What stands for an id that a statement is told each time that it is sent."""

    # As which parameter.
    name: str


# What an id may be given for.
NUMBERED = ("project", "section", "parent", "label")
# Days from today of which few are asked for by many: everybody's yesterday, today and tomorrow.
NEAR = timedelta(days=2)


@dataclass(frozen=True)
class Filter:
    """Which tasks; what is not said does not matter."""

    completed: bool | None = None
    # Words, all of which are in title or description.
    q: str = ""
    project: int | Given | Literal["inbox"] | None = None
    section: int | Given | Literal["none"] | None = None
    # Below which task, or below none.
    parent: int | Given | Literal["none"] | None = None
    label: int | Given | None = None
    priority: str | None = None
    # From which day to which they are due, both included, in their owner's time zone.
    due_from: date | None = None
    due_to: date | None = None
    # Only those that may be begun by that day.
    started_by: date | None = None
    # Whether their project is archived.
    archived: bool | None = None
    ids: Collection[int] | None = None

    @property
    def is_common(self) -> bool:
        """Whether many ask for the same, but for the ids: its statement is worth keeping."""
        today = now().date()
        days = [each for each in (self.due_from, self.due_to, self.started_by) if each]
        return not self.q and self.ids is None and all(abs(day - today) <= NEAR for day in days)

    def numbers(self, mark: str = "") -> dict[str, int]:
        """The ids that it has, by the names of without_numbers(mark)'s parameters."""
        said = {name: getattr(self, name) for name in NUMBERED}
        return {f"{name}{mark}": value for name, value in said.items() if isinstance(value, int)}

    def without_numbers(self, mark: str = "") -> "Filter":
        """The same for whatever ids are given with the statement.

        A mark tells its parameters from those of another filter in that statement.
        """
        given: dict[str, Any] = {name: Given(f"{name}{mark}") for name in self.numbers()}
        return replace(self, **given) if given else self


ALL = Filter()

# Whose tasks: an account's id, or the parameter that stands for it.
Owner = int | BindParameter[int]


def conditions(owner: Owner, filter_: Filter = ALL) -> list[ColumnElement[bool]]:
    """What is true of an owner's tasks that a filter lets through, the trash left out."""
    holds = [Task.user_id == owner, Task.deleted_at.is_(None)]
    if filter_.completed is not None:
        holds.append(is_completed(filter_.completed))
    if filter_.priority is not None:
        holds.append(Task.priority == filter_.priority)
    if filter_.ids is not None:
        holds.append(Task.id.in_(filter_.ids))
    return [*holds, *_place(filter_), *_dates(filter_), *_words(filter_), *_marks(owner, filter_)]


def is_completed(
    completed: bool, source: type[Task] | type[TaskLabel] = Task
) -> ColumnElement[bool]:
    """That a task is done, or open; said without a parameter, so that partial indexes fit."""
    column = source.__table__.c.completed
    return column if completed else ~column


def select_tasks(
    owner: Owner, filter_: Filter = ALL, columns: Sequence[Any] = tuple(COLUMNS["task"])
) -> Select[*tuple[Any, ...]]:
    """The tasks that a filter lets through, with all that is told of them, or some of it.

    Those of a label come through TaskLabel, whose indexes lead to the next however few there are.
    """
    if filter_.label is None:
        return select(*columns).where(*conditions(owner, filter_))
    borne = [TaskLabel.label_id == _number(filter_, "label")]
    if filter_.completed is not None:
        borne.append(is_completed(filter_.completed, TaskLabel))
    others = conditions(owner, replace(filter_, label=None, completed=None))
    return select(*columns).join(TaskLabel, TaskLabel.task_id == Task.id).where(*borne, *others)


def order_of(name: str, filter_: Filter = ALL) -> tuple[ColumnElement[Any], ColumnElement[int]]:
    """By what the tasks of select_tasks() are ordered, and the id that breaks ties."""
    table = TaskLabel.__table__.c
    if filter_.label is not None and name == "created_at":
        return table.created_at, table.task_id
    return ORDERS[name], Task.__table__.c.id


def _place(filter_: Filter) -> list[ColumnElement[bool]]:
    project, section, parent = (_number(filter_, name) for name in ("project", "section", "parent"))
    if not (isinstance(project, str | None) or isinstance(section, str | None)):
        # Where a section's tasks are is where the section is. Asked of the tasks, PostgreSQL would
        # take that for a second reason to expect few, and rather sort them than read in order.
        there = [Section.id == section, Section.project_id == project]
        project, section = None, select(Section.id).where(*there).scalar_subquery()
    columns = ((Task.project_id, project), (Task.section_id, section), (Task.parent_id, parent))
    return [
        column.is_(None) if isinstance(value, str) else column == value
        for column, value in columns
        if value is not None
    ]


def _number(filter_: Filter, name: str) -> Any:
    value = getattr(filter_, name)
    return bindparam(value.name, type_=BigId) if isinstance(value, Given) else value


def _dates(filter_: Filter) -> list[ColumnElement[bool]]:
    holds: list[ColumnElement[bool]] = []
    if filter_.due_from is not None:
        holds += [Task.agenda >= dates.agenda_from(filter_.due_from), Task.agenda < dates.UNDATED]
    if filter_.due_to is not None:
        holds.append(Task.agenda < dates.agenda_after(filter_.due_to))
    if filter_.started_by is not None:
        holds.append(or_(Task.start_on.is_(None), Task.start_on <= filter_.started_by))
    return holds


def _words(filter_: Filter) -> list[ColumnElement[bool]]:
    texts = (Task.title, Task.description)
    patterns = [f"%{_escaped(word)}%" for word in filter_.q.split()]
    return [or_(*(fits_folded(text, literal(each)) for text in texts)) for each in patterns]


def _marks(owner: Owner, filter_: Filter) -> list[ColumnElement[bool]]:
    holds: list[ColumnElement[bool]] = []
    if filter_.label is not None:
        bears = TaskLabel.task_id == Task.id
        holds.append(exists().where(TaskLabel.label_id == _number(filter_, "label"), bears))
    if filter_.archived is not None:
        archived = select(Project.id).where(Project.user_id == owner, Project.archived)
        within = Task.project_id.in_(archived)
        hidden = or_(Task.project_id.is_(None), Task.project_id.not_in(archived))
        holds.append(within if filter_.archived else hidden)
    return holds


def _escaped(word: str) -> str:
    """A word in which LIKE sees no wildcard."""
    return re.sub("([/%_])", r"/\1", word)

"""The rows of a list of tasks: what each shows. How it looks is said by templates/web/_row.html.

A page has fifty of them, and after each act it is shown again with one that has changed. A row is
drawn from its `Row` and nothing else, and so what has been drawn is remembered by that.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import current_app
from jinja2.environment import TemplateModule
from markupsafe import Markup

from taskapp.db import AnyRow
from taskapp.web import days
from taskapp.web.addresses import url_for
from taskapp.web.blueprint import bp, overview
from taskapp.web.days import Due

# What every row asks of its task.
ASKED = (
    *("id", "title", "completed", "priority", "description", "subtasks_done", "subtasks_open"),
    *("due_on", "due_at", "labels", "project_id", "parent_id"),
)
# As many rows are remembered, each of a kilobyte or two.
ROWS_KEPT = 4096


class Place(NamedTuple):
    """What a row leads to besides its task: a project, a label, a task that it is below."""

    url: str
    name: str
    color: str = ""


class Beside(NamedTuple):
    """A group next to the row's own, into which it can be moved."""

    section_id: int | str
    name: str


class Moves(NamedTuple):
    """How a row can be moved by hand."""

    up: bool
    down: bool
    left: Beside | None
    right: Beside | None


class Row(NamedTuple):
    """All that a row shows."""

    id: int
    url: str
    # The address of the page, as a part of another.
    back: str
    title: str
    completed: bool
    priority: str
    has_description: bool
    level: int
    due: Due | None
    subtasks_done: int
    subtasks: int
    labels: tuple[Place, ...]
    project: Place | None
    parent: Place | None
    moves: Moves | None


@bp.app_template_global("rows")
def draw(
    tasks: Sequence[AnyRow],
    back: str,
    *,
    parents: Mapping[int, str] | None = None,
    project: bool = True,
    depth: int | None = None,
    by_hand: bool = False,
    before: Any = None,
    after: Any = None,
) -> Markup:
    """The rows of some tasks, for a page of that address.

    `parents` are the titles of those that they are right below, where that is said; `depth` is how
    deep those lie that are not indented. What can be moved `by_hand` is in a group, maybe between
    others.
    """
    module = _module()
    rows = _rows(
        tasks,
        back,
        parents=parents or {},
        project=project,
        depth=depth,
        by_hand=by_hand,
        before=before,
        after=after,
    )
    return Markup("".join([_drawn(module, row) for row in rows]))  # noqa: S704 - each is Markup


def _rows(
    tasks: Sequence[AnyRow],
    back: str,
    *,
    parents: Mapping[int, str],
    project: bool,
    depth: int | None,
    by_hand: bool,
    before: Any,
    after: Any,
) -> Iterator[Row]:
    if not tasks:
        return
    known, home, back = overview(), url_for("web.list_tasks"), quote(back)
    left, right = _beside(before), _beside(after)
    projects = {id_: _project(each) for id_, each in known.projects.items()} if project else {}
    labels = {id_: _label(each) for id_, each in known.labels.items()}
    last = len(tasks) - 1
    # By its place a value is found twenty times as fast as by its name.
    told = itemgetter(*map(tasks[0]._fields.index, ASKED))
    for number, task in enumerate(tasks):
        id_, title, completed, priority, description, done, open_, *more = told(task)
        due_on, due_at, borne, project_id, parent_id = more
        yield Row(
            id_,
            f"{home}/{id_}",
            back,
            title,
            completed,
            priority,
            bool(description),
            1 if depth is None else task.depth - depth + 1,
            days.due(task) if due_on or due_at else None,
            done,
            done + open_,
            tuple([labels[each] for each in borne if each in labels]) if borne else (),
            projects.get(project_id),
            Place(f"{home}/{parent_id}", parents[parent_id]) if parent_id in parents else None,
            Moves(number > 0, number < last, left, right) if by_hand else None,
        )


def _project(project: AnyRow) -> Place:
    return Place(url_for("web.show_project", project_id=project.id), project.name, project.color)


def _label(label: AnyRow) -> Place:
    return Place(url_for("web.show_label", label_id=label.id), label.name, label.color)


def _beside(group: Any) -> Beside | None:
    if not group:
        return None
    return Beside(group.section_id, group.section.name if group.section else "Without a section")


def _module() -> TemplateModule:
    return current_app.jinja_env.get_template("web/_row.html").module


@lru_cache(maxsize=ROWS_KEPT)
def _drawn(module: TemplateModule, row: Row) -> Markup:
    drawn: Markup = module.row(row)  # type: ignore[attr-defined]
    return drawn

"""One task: adding, showing, editing, moving, completing, deleting it."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for
from werkzeug import Response as BaseResponse

from taskapp.auth.identity import current_browser
from taskapp.domain.errors import Conflict, Fault, RuleViolation, StaleVersion
from taskapp.domain.tasks import PRIORITIES
from taskapp.rest import read_id
from taskapp.services import editing, glance, history, names, tasks
from taskapp.services.filters import Filter
from taskapp.web import subtasks
from taskapp.web.activity import tell_last
from taskapp.web.blueprint import back_to, bp, notice, overview, own_path, page
from taskapp.web.forms import AddTaskForm, MoveForm, TaskForm, due_words, name_place, read_place
from taskapp.web.lists import View
from taskapp.web.views import show_list

# What a form may say of a new task besides its title: where it is added.
PLACES = ("project_id", "section_id", "parent_id")
HISTORY_MOST = 30
NEIGHBOURS_MOST = 50


@bp.post("/tasks")
def add_task() -> BaseResponse:
    """Add a task to the list where one is, and show that list again."""
    form, view = AddTaskForm(), View.said_by(request.form)
    kept = {name: request.form[name] for name in (*PLACES, "back") if request.form.get(name)}
    try:
        if form.validate():
            placed = {name: read_id(kept[name]) for name in PLACES if name in kept}
            actor = current_browser().actor
            task = tasks.create(actor, **form.values(), **view.for_new | placed)
            if back := own_path(kept.get("back")):
                return back_to(back)
            if not tasks.passes(actor, task, view.filter):
                # Nobody sees it appear: it would be felt lost.
                link = url_for("web.show_task", task_id=task.id)
                notice(f"Added “{task.title}”.", link=link)
            return back_to(view.url())
    except RuleViolation as error:
        form.show(*error.faults)
    return show_list(view, form, 422, kept)


@bp.get("/tasks/<id:task_id>")
def show_task(task_id: int) -> Response:
    """Show one task: all that was written, what is below it, and what became of it."""
    task = tasks.show(current_browser().actor, task_id)
    return _show(task, MoveForm(formdata=None, place=name_place(task)))


@bp.get("/tasks/<id:task_id>/edit")
def show_edit(task_id: int) -> Response:
    """Show a task as a form."""
    task = tasks.show(current_browser().actor, task_id)
    return _edit(task, TaskForm.of(task))


@bp.post("/tasks/<id:task_id>/edit")
def edit_task(task_id: int) -> BaseResponse:
    """Change a task. If it has changed since its form was opened, show both versions."""
    actor, form = current_browser().actor, TaskForm()
    task = tasks.show(actor, task_id)
    try:
        if form.validate():
            changes, seen = form.changes(task), form.versions_seen()
            more = form.add_labels()
            saved = editing.edit(actor, task_id, changes, add_labels=more, seen=seen)
            if actor.acts:
                notice(f"Saved “{saved.title}”.", undoable=True)
            return back_to(_back(request.form, task_id))
    except RuleViolation as error:
        form.show(*error.faults)
    except StaleVersion:
        task = tasks.show(actor, task_id)
        return _edit(task, form, 409, "web/conflict.html")
    return _edit(task, form, 422)


@bp.post("/tasks/<id:task_id>/mark")
def mark_task(task_id: int) -> BaseResponse:
    """Give a task a priority, or a due date that one word says."""
    changes = due_words(request.form.get("due", ""))
    if request.form.get("priority") in PRIORITIES:
        changes["priority"] = request.form["priority"]
    browser = current_browser()
    tasks.update(browser.actor, task_id, changes)
    if browser.actor.acts:
        notice(f"{tell_last(browser)}.", undoable=True)
    return back_to(_back(request.form, task_id))


@bp.post("/tasks/<id:task_id>/move")
def move_task(task_id: int) -> BaseResponse:
    """Put a task into a project or section, or below another task."""
    actor, form = current_browser().actor, MoveForm()
    form.validate()
    # What no place is called leads to a project that nobody has.
    place = read_place(form.place.data or "") or {"project_id": 0}
    try:
        task = tasks.move(actor, task_id, {"parent_id": None} | place)
    except RuleViolation as error:
        form.show(*(Fault("place", each.code, each.message) for each in error.faults))
        return _show(tasks.show(actor, task_id), form, 422)
    if actor.acts:
        notice(f"Moved “{task.title}”.", undoable=True)
    return back_to(_back(request.form, task_id))


@bp.post("/tasks/<id:task_id>/shift")
def shift_task(task_id: int) -> BaseResponse:
    """Move a task one place up or down among its neighbours."""
    actor = current_browser().actor
    by = 1 if request.form.get("by") == "1" else -1
    task = tasks.shift(actor, task_id, by)
    if actor.acts:
        notice(f"Moved “{task.title}” {'down' if by > 0 else 'up'}.", undoable=True)
    else:
        notice(f"“{task.title}” is {'last' if by > 0 else 'first'} already.")
    return back_to(_back(request.form, task_id))


@bp.post("/tasks/<id:task_id>/complete")
def complete_task(task_id: int) -> BaseResponse:
    """Mark a task done, or open again, as the button said."""
    done = request.form.get("completed") != "false"
    actor, back = current_browser().actor, own_path(request.form.get("back"))
    try:
        task = tasks.complete(actor, task_id, done, subtasks=subtasks.said())
    except Conflict as error:
        below = tasks.list_subtasks(actor, task_id)
        titles = tuple(row.title for row in below if not row.completed)
        action = url_for("web.complete_task", task_id=task_id)
        return subtasks.ask(error, action, back or url_for("web.list_tasks"), titles)
    notice(f"{'Completed' if done else 'Reopened'} “{task.title}”.", undoable=True)
    return back_to(back or url_for("web.list_tasks"))


@bp.post("/tasks/<id:task_id>/delete")
def delete_task(task_id: int) -> BaseResponse:
    """Move a task to the trash."""
    task = tasks.delete(current_browser().actor, task_id)
    notice(f"Moved “{task.title}” to the trash.", undoable=True)
    return back_to(own_path(request.form.get("back")) or url_for("web.list_tasks"))


def _show(task: Any, move: MoveForm, status: int = 200) -> Response:
    actor = current_browser().actor
    below = tasks.list_subtasks(actor, task.id)
    beside = Filter(completed=False, project=task.project_id or "inbox", parent="none")
    neighbours = tasks.list_page(actor, beside, sort="rank", limit=NEIGHBOURS_MOST).rows
    parent = tasks.show(actor, task.parent_id) if task.parent_id else None
    sections = glance.list_sections(actor)
    events = history.activity(actor, task_id=task.id, limit=HISTORY_MOST).rows
    inside = {task.id, *(row.id for row in below)}
    return page(
        "web/task.html",
        status,
        task=task,
        parent=parent,
        subtasks=below,
        move=move,
        sections=sections,
        neighbours=[row for row in neighbours if row.id not in inside],
        events=events,
        names=names.of(actor, events) | {("task", task.id): ""},
    )


def _edit(
    task: Any, form: TaskForm, status: int = 200, template: str = "web/task_edit.html"
) -> Response:
    said = request.args if request.method == "GET" else request.form
    context = {"task": task, "form": form, "back": _back(said, task.id)}
    sections = glance.list_sections(current_browser().actor)
    if status == 409:
        known = overview()
        named = {("section", row.id): row.name for row in sections}
        named |= {("project", id_): row.name for id_, row in known.projects.items()}
        named |= {("label", id_): row.name for id_, row in known.labels.items()}
        context |= {"stored": TaskForm.of(task), "names": named}
    return page(template, status, sections=sections, **context)


def _back(said: Mapping[str, str], task_id: int) -> str:
    return own_path(said.get("back")) or url_for("web.show_task", task_id=task_id)

"""The list of tasks, and one task."""

from typing import Any

from flask import Response, request, url_for
from marshmallow import ValidationError
from werkzeug import Response as BaseResponse

from taskapp import cursors
from taskapp.auth.identity import current_browser
from taskapp.domain.errors import Conflict, NotFound, RuleViolation, StaleVersion
from taskapp.rest import read_id
from taskapp.services import bulk, history, tasks
from taskapp.services.bulk import Deed
from taskapp.services.completion import SUBTASKS, Subtasks
from taskapp.services.filters import Filter
from taskapp.services.paging import Position
from taskapp.web.blueprint import back_to, bp, notice, own_path, page
from taskapp.web.forms import AddTaskForm, TaskForm
from taskapp.web.lists import PAGE_SIZE, SORTS, View

# More than any page shows, and fewer than a database takes in one query.
SELECTED_MOST = 1000
DID = {"complete": "Completed", "reopen": "Reopened", "delete": "Moved to the trash:"}


@bp.get("/tasks")
def list_tasks() -> Response:
    """Show one's tasks: those that the address asks for."""
    return _show_list(View.said_by(request.args), AddTaskForm(formdata=None))


@bp.post("/tasks")
def add_task() -> BaseResponse:
    """Add a task, and show the list again."""
    form, view = AddTaskForm(), View.said_by(request.form)
    try:
        if form.validate():
            actor = current_browser().actor
            task = tasks.create(actor, **form.values())
            if not tasks.passes(actor, task, view.filter):
                # Nobody sees it appear: it would be felt lost.
                link = url_for("web.show_task", task_id=task.id)
                notice(f"Added “{task.title}”.", link=link)
            return back_to(view.url())
    except RuleViolation as error:
        form.show(*error.faults)
    return _show_list(view, form, 422)


@bp.get("/tasks/<id:task_id>")
def show_task(task_id: int) -> Response:
    """Show one task, with all that was written."""
    return page("web/task.html", task=tasks.show(current_browser().actor, task_id))


@bp.get("/tasks/<id:task_id>/edit")
def show_edit(task_id: int) -> Response:
    """Show a task as a form."""
    task = tasks.show(current_browser().actor, task_id)
    form = TaskForm(formdata=None, obj=task)
    return page("web/task_edit.html", task=task, form=form, back=_back(request.args, task_id))


@bp.post("/tasks/<id:task_id>/edit")
def edit_task(task_id: int) -> BaseResponse:
    """Change a task. If it has changed since its form was opened, show both versions."""
    actor, form, back = current_browser().actor, TaskForm(), _back(request.form, task_id)
    try:
        if form.validate():
            tasks.update(actor, task_id, form.changes(), seen=form.versions_seen())
            return back_to(back)
    except RuleViolation as error:
        form.show(*error.faults)
    except StaleVersion:
        task = tasks.show(actor, task_id)
        return page("web/conflict.html", 409, task=task, form=form, back=back)
    return page("web/task_edit.html", 422, task=tasks.show(actor, task_id), form=form, back=back)


@bp.post("/tasks/<id:task_id>/complete")
def complete_task(task_id: int) -> BaseResponse:
    """Mark a task done, or open again, as the button said."""
    done = request.form.get("completed") != "false"
    actor, subtasks = current_browser().actor, _subtasks()
    try:
        task = tasks.complete(actor, task_id, done, subtasks=subtasks)
    except Conflict as error:
        return _ask_about_subtasks(error, url_for("web.complete_task", task_id=task_id))
    notice(f"{DID['complete' if done else 'reopen']} “{task.title}”.", undoable=True)
    return back_to(own_path(request.form.get("back")) or url_for("web.list_tasks"))


@bp.post("/tasks/<id:task_id>/delete")
def delete_task(task_id: int) -> BaseResponse:
    """Move a task to the trash."""
    task = tasks.delete(current_browser().actor, task_id)
    notice(f"Moved “{task.title}” to the trash.", undoable=True)
    return back_to(own_path(request.form.get("back")) or url_for("web.list_tasks"))


@bp.post("/tasks/bulk")
def change_many() -> BaseResponse:
    """Complete, reopen or delete those that are ticked, or all that the list shows."""
    view = View.said_by(request.form)
    ids = {read_id(each) for each in request.form.getlist("ids")[:SELECTED_MOST]} - {0}
    chosen = view.filter if request.form.get("all") else Filter(ids=ids)
    deed = _deed(request.form.get("act"))
    if deed is None or (chosen.ids is not None and not chosen.ids):
        notice("Nothing was selected.")
        return back_to(view.url())
    try:
        count = bulk.act_on(current_browser().actor, deed, chosen, subtasks=_subtasks())
    except Conflict as error:
        return _ask_about_subtasks(error, url_for("web.change_many"))
    notice(f"{DID[deed]} {count} {'task' if count == 1 else 'tasks'}.", undoable=True)
    return back_to(view.url())


@bp.post("/acts/<id:act_id>/undo")
def undo(act_id: int) -> BaseResponse:
    """Take back what a notice offered to."""
    try:
        count = history.undo(current_browser().actor, act_id)
    except NotFound:
        count = 0
    notice("Undone." if count else "There was nothing left to undo.")
    return back_to(own_path(request.form.get("back")) or url_for("web.list_tasks"))


def _show_list(view: View, form: AddTaskForm, status: int = 200) -> Response:
    actor = current_browser().actor
    scope = [actor.id, "web", *view.fields().values()]
    found = tasks.list_page(
        actor, view.filter, sort=view.sort, limit=PAGE_SIZE, after=_place(*scope)
    )
    more = view.url(cursor=cursors.seal(found.end, *scope)) if found.end else None
    return page(
        "web/tasks.html",
        status,
        view=view,
        sorts=SORTS,
        tasks=found.rows,
        more=more,
        counts=tasks.count(actor, Filter(q=view.q)),
        form=form,
    )


def _place(*scope: Any) -> Position | None:
    """Where the address says to go on; a cursor that does not fit begins the list again."""
    try:
        return cursors.unseal(request.args["cursor"], *scope) if "cursor" in request.args else None
    except ValidationError:
        return None


def _deed(said: str | None) -> Deed | None:
    deeds: tuple[Deed, ...] = ("complete", "reopen", "delete")
    return next((deed for deed in deeds if deed == said), None)


def _subtasks() -> Subtasks | None:
    return next((each for each in SUBTASKS if each == request.form.get("subtasks")), None)


def _ask_about_subtasks(error: Conflict, action: str) -> Response:
    """Show the form again with what was sent, and ask what is to become of open subtasks."""
    fields = [each for each in request.form.items(multi=True) if each[0] != "csrf_token"]
    return page("web/subtasks.html", 409, error=error, action=action, fields=fields)


def _back(said: Any, task_id: int) -> str:
    return own_path(said.get("back")) or url_for("web.show_task", task_id=task_id)

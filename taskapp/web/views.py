"""The lists of tasks: all, Inbox, Today, Upcoming, completed, and those that bear a label."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Response, request
from marshmallow import ValidationError
from werkzeug import Response as BaseResponse

from taskapp import cursors
from taskapp.auth.identity import current_browser
from taskapp.services import bulk, labels, names, tasks
from taskapp.services.paging import Position
from taskapp.web import days
from taskapp.web.blueprint import back_to, bp, counts, notice, page
from taskapp.web.forms import AddTaskForm
from taskapp.web.lists import PAGE_SIZE, View


@bp.get("/tasks")
def list_tasks() -> Response:
    """Show one's tasks: those that the address asks for."""
    return show_list(View.said_by(request.args, "tasks"))


@bp.get("/inbox")
def show_inbox() -> Response:
    """Show what is in no project yet."""
    return show_list(View.said_by(request.args, "inbox"))


@bp.get("/today")
def show_today() -> Response:
    """Show what is overdue, and what is due today."""
    return show_list(View.said_by(request.args, "today"))


@bp.get("/upcoming")
def show_upcoming() -> Response:
    """Show what is due from tomorrow on, day by day."""
    return show_list(View.said_by(request.args, "upcoming"))


@bp.get("/completed")
def show_completed() -> Response:
    """Show what is done, the last first."""
    return show_list(View.said_by(request.args, "completed"))


@bp.get("/labels/<id:label_id>")
def show_label(label_id: int) -> Response:
    """Show what bears a label."""
    labels.show(current_browser().actor, label_id)
    return show_list(View.said_by(request.args, "label", label_id))


@bp.post("/today/reschedule")
def reschedule() -> BaseResponse:
    """Have all that is overdue due today."""
    view, today = View.said_by(request.form, "today"), days.today()
    overdue = replace(view.filter, due_to=today - timedelta(days=1))
    count = bulk.act_on(current_browser().actor, "update", overdue, values={"due_on": today})
    some = "1 task" if count == 1 else f"{count} tasks"
    notice(f"Rescheduled {some} to today.", undoable=True)
    return back_to(view.url())


def show_list(
    view: View,
    form: AddTaskForm | None = None,
    status: int = 200,
    kept: dict[str, str] | None = None,
) -> Response:
    """A page of a list; `form` is what could not be added, and `kept` what that came with."""
    actor = current_browser().actor
    scope = [actor.id, "web", view.place, view.number, *view.fields().items()]
    scope = [str(each) for each in scope]
    wanted = view.filter
    found = tasks.list_page(actor, wanted, sort=view.sort, limit=PAGE_SIZE, after=_place(*scope))
    more = view.url(cursor=cursors.seal(found.end, *scope)) if found.end else None
    return page(
        "web/tasks.html",
        status,
        view=view,
        tasks=found.rows,
        parents=names.of_parents(actor, found.rows),
        groups=view.groups(found.rows),
        more=more,
        # Without tabs nobody is told how many there are of the others.
        counts=counts(replace(wanted, completed=None) if view.at.tabs else wanted),
        form=form,
        kept=kept or {},
    )


def _place(*scope: Any) -> Position | None:
    """Where the address says to go on; a cursor that does not fit begins the list again."""
    try:
        return cursors.unseal(request.args["cursor"], *scope) if "cursor" in request.args else None
    except ValidationError:
        return None

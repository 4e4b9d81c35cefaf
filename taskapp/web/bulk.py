"""Many tasks at once: those that are ticked, or all that a list shows; and taking acts back."""

from typing import Any

from flask import request, url_for
from werkzeug import Response as BaseResponse

from taskapp.auth.identity import current_browser
from taskapp.domain.errors import Conflict, NotFound, RuleViolation
from taskapp.domain.tasks import PRIORITIES
from taskapp.rest import read_id
from taskapp.services import bulk, history
from taskapp.services.bulk import Deed
from taskapp.services.filters import Filter
from taskapp.web import projects, subtasks
from taskapp.web.activity import tell_last
from taskapp.web.blueprint import back_to, bp, notice, own_path
from taskapp.web.forms import due_words, read_place
from taskapp.web.lists import View

# More than any page shows, and fewer than a database takes in one query.
SELECTED_MOST = 1000
DEEDS: tuple[Deed, ...] = ("complete", "reopen", "delete", "update")
DID = {
    "complete": "Completed",
    "reopen": "Reopened",
    "delete": "Moved to the trash:",
    "update": "Changed",
}


@bp.post("/tasks/bulk")
def change_many() -> BaseResponse:
    """Complete, reopen, delete or change those that are ticked, or all that the list shows."""
    view = View.said_by(request.form)
    ids = {read_id(each) for each in request.form.getlist("ids")[:SELECTED_MOST]} - {0}
    chosen = _all(view) if request.form.get("all") else Filter(ids=ids)
    deed = next((deed for deed in DEEDS if deed == request.form.get("act")), None)
    values = _values() if deed == "update" else {}
    if deed is None or (chosen.ids is not None and not chosen.ids):
        notice("Nothing was selected.")
    elif deed == "update" and not values:
        notice("Choose what to change.")
    else:
        try:
            return _act(deed, chosen, values, _back(view))
        except Conflict as error:
            return subtasks.ask(error, url_for("web.change_many"), _back(view))
        except RuleViolation as error:
            notice(" ".join(fault.message for fault in error.faults))
    return back_to(_back(view))


@bp.post("/acts/<id:act_id>/undo")
def undo(act_id: int) -> BaseResponse:
    """Take back what a notice offered to."""
    try:
        browser = current_browser()
        count = history.undo(browser.actor, act_id)
        more = f", and {count - 1} more" if count > 1 else ""
        said = (
            f"Undone. {tell_last(browser)}{more}." if count else "There was nothing left to undo."
        )
        notice(said)
    except NotFound:
        notice("There was nothing left to undo.")
    except Conflict as error:
        notice(f"Not undone. {error.message}")
    return back_to(own_path(request.form.get("back")) or url_for("web.list_tasks"))


def _all(view: View) -> Filter:
    """All that the page shows, and what more there is of it."""
    return projects.shown_by(request.form) or view.filter


def _act(deed: Deed, chosen: Filter, values: dict[str, Any], back: str) -> BaseResponse:
    actor, said = current_browser().actor, subtasks.said()
    count = bulk.act_on(actor, deed, chosen, values=values, subtasks=said)
    notice(f"{DID[deed]} {count} {'task' if count == 1 else 'tasks'}.", undoable=True)
    return back_to(back)


def _values() -> dict[str, Any]:
    """What the fields beside "Change" say; what they leave open is left as it is."""
    values: dict[str, Any] = {}
    values |= read_place(request.form.get("to_place", "")) or {}
    values |= due_words(request.form.get("to_due", ""))
    if request.form.get("to_priority") in PRIORITIES:
        values["priority"] = request.form["to_priority"]
    if label := request.form.get("to_label"):
        values["labels"] = [read_id(label)]
    return values


def _back(view: View) -> str:
    """To the beginning of the list; to where one was, for a list of another kind."""
    elsewhere = "" if "list" in request.form else own_path(request.form.get("back"))
    of_lists = elsewhere.partition("?")[0] == url_for("web.list_tasks")
    return elsewhere if elsewhere and not of_lists else view.url()

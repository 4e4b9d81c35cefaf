"""The trash: what was deleted, to be had back or to go for good."""

from flask import Response, request, url_for
from marshmallow import ValidationError
from werkzeug import Response as BaseResponse

from taskapp import cursors
from taskapp.auth.identity import current_browser
from taskapp.extensions import trash_kept
from taskapp.services import trash
from taskapp.web.blueprint import back_to, bp, notice, page
from taskapp.web.lists import PAGE_SIZE


@bp.get("/trash")
def list_trash() -> Response:
    """Show what was deleted, the last first."""
    actor = current_browser().actor
    scope = [actor.id, "web trash"]
    try:
        after = cursors.unseal(request.args["cursor"], *scope) if request.args else None
    except (ValidationError, LookupError):
        after = None
    found = trash.list_page(actor, keep=trash_kept(), limit=PAGE_SIZE, after=after)
    cursor = cursors.seal(found.end, *scope) if found.end else None
    more = url_for("web.list_trash", cursor=cursor) if cursor else None
    # Projects are few: they stand above the tasks of the first page.
    projects = [] if after else trash.list_projects(actor, keep=trash_kept())
    days = trash_kept().days
    return page("web/trash.html", tasks=found.rows, projects=projects, more=more, days=days)


@bp.post("/trash/<id:task_id>/restore")
def restore_task(task_id: int) -> BaseResponse:
    """Put a task back where it was."""
    task = trash.restore(current_browser().actor, task_id, keep=trash_kept())
    notice(f"Restored “{task.title}”.", undoable=True)
    return back_to(url_for("web.list_trash"))


@bp.post("/trash/<id:task_id>/purge")
def purge_task(task_id: int) -> BaseResponse:
    """Remove a task for good."""
    trash.purge(current_browser().actor, task_id)
    notice("Deleted for good.")
    return back_to(url_for("web.list_trash"))


@bp.post("/trash/empty")
def empty_trash() -> BaseResponse:
    """Remove all that is in the trash for good."""
    trash.empty(current_browser().actor)
    notice("The trash is empty.")
    return back_to(url_for("web.list_trash"))

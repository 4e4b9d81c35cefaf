"""Sections of projects, and by hand: which task stands where."""

from typing import Any

from flask import Response, request, url_for
from werkzeug import Response as BaseResponse

from taskapp.auth.identity import current_browser
from taskapp.domain.errors import RuleViolation, StaleVersion
from taskapp.rest import read_id
from taskapp.services import projects, tasks
from taskapp.web.blueprint import back_to, bp, notice, own_path, page
from taskapp.web.organising_forms import AddSectionForm, SectionForm
from taskapp.web.projects import direction, show_board, stale


@bp.post("/projects/<id:project_id>/sections")
def add_section(project_id: int) -> BaseResponse:
    """Give a project a further section."""
    actor, form = current_browser().actor, AddSectionForm()
    project = projects.show(actor, project_id)
    try:
        if form.validate():
            projects.create_section(actor, project_id=project_id, **form.values())
            return back_to(_back(project_id))
    except RuleViolation as error:
        form.show(*error.faults)
    return show_board(project, request.form.get("view", ""), section_form=form)


@bp.get("/sections/<id:section_id>/edit")
def show_section_edit(section_id: int) -> Response:
    """Show a section as a form."""
    section = projects.show_section(current_browser().actor, section_id)
    form = SectionForm(None, obj=section)
    back = own_path(request.args.get("back")) or _url(section.project_id)
    return page("web/section_edit.html", section=section, form=form, back=back)


@bp.post("/sections/<id:section_id>/edit")
def edit_section(section_id: int) -> BaseResponse:
    """Rename a section."""
    actor, form = current_browser().actor, SectionForm()
    section, status = projects.show_section(actor, section_id), 422
    back = _back(section.project_id)
    try:
        if form.validate():
            projects.update_section(actor, section_id, form.values(), seen=form.versions_seen())
            return back_to(back)
    except RuleViolation as error:
        form.show(*error.faults)
    except StaleVersion:
        status = stale(form, projects.show_section(actor, section_id))
    return page("web/section_edit.html", status, section=section, form=form, back=back)


@bp.post("/sections/<id:section_id>/shift")
def shift_section(section_id: int) -> BaseResponse:
    """Put a section one place up or down, on a board to the left or right."""
    section = projects.shift_section(current_browser().actor, section_id, direction())
    return back_to(_back(section.project_id))


@bp.post("/sections/<id:section_id>/delete")
def delete_section(section_id: int) -> BaseResponse:
    """Remove a section, and keep its tasks."""
    section = projects.delete_section(current_browser().actor, section_id)
    notice(f"Deleted section “{section.name}”. Its tasks are still here.", undoable=True)
    return back_to(_back(section.project_id))


@bp.get("/tasks/<id:task_id>/place")
def show_place(task_id: int) -> Response:
    """Ask where a task is to go: every project and section that there is."""
    actor = current_browser().actor
    sections: dict[int, list[Any]] = {}
    for section in projects.list_sections(actor):
        sections.setdefault(section.project_id, []).append(section)
    return page(
        "web/project_place.html",
        task=tasks.show(actor, task_id),
        projects=projects.list_all(actor, archived=False),
        sections=sections,
        back=own_path(request.args.get("back")) or url_for("web.show_task", task_id=task_id),
    )


@bp.post("/tasks/<id:task_id>/place")
def place_task(task_id: int) -> BaseResponse:
    """Put a task somewhere else: one place up or down, or into a section, and after another task.

    What cannot be is told on the page that it came from, which shows where the task is still.
    """
    actor = current_browser().actor
    back = own_path(request.form.get("back")) or url_for("web.show_task", task_id=task_id)
    before = tasks.show(actor, task_id)
    try:
        if "by" in request.form:
            tasks.shift(actor, task_id, direction())
            return back_to(back)
        task = tasks.move(actor, task_id, _place())
    except RuleViolation as error:
        why = " ".join(fault.message for fault in error.faults)
        notice(f"“{before.title}” stays where it is. {why}")
        return back_to(back)
    if (task.project_id, task.section_id) != (before.project_id, before.section_id):
        notice(f"Moved “{task.title}” to {_whither(task)}.", undoable=True)
    return back_to(back)


def _place() -> dict[str, Any]:
    """Where the form says: "to" names both ("7", "7/12", or "inbox"); `after` may be nothing."""
    form = request.form
    project, _, section = form.get("to", "").partition("/")
    said: dict[str, Any] = {}
    if "parent_id" in form:
        said["parent_id"] = read_id(form["parent_id"])
    else:
        said["project_id"] = read_id(project or form.get("project_id", "")) or None
        said["section_id"] = read_id(section or form.get("section_id", "")) or None
    if "after" in form:
        said["after"] = read_id(form["after"]) or None
    return said


def _whither(task: Any) -> str:
    actor = current_browser().actor
    if task.project_id is None:
        return "the inbox"
    project: str = projects.show(actor, task.project_id).name
    if task.section_id is None:
        return project
    return f"{project} / {projects.show_section(actor, task.section_id).name}"


def _url(project_id: int) -> str:
    return url_for("web.show_project", project_id=project_id)


def _back(project_id: int) -> str:
    return own_path(request.form.get("back")) or _url(project_id)

"""Projects: all of them, and one with its sections, as a list or as a board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from flask import Response, request, url_for
from werkzeug import Response as BaseResponse

from taskapp.auth.identity import current_browser
from taskapp.db import AnyRow
from taskapp.domain.actors import Actor
from taskapp.domain.errors import NotFound, RuleViolation, StaleVersion
from taskapp.extensions import trash_kept
from taskapp.rest import read_id
from taskapp.services import projects, tasks, trash
from taskapp.services.filters import Filter
from taskapp.services.paging import Page
from taskapp.web import paged
from taskapp.web.blueprint import back_to, bp, counts, notice, own_path, page
from taskapp.web.lists import PAGE_SIZE
from taskapp.web.organising_forms import (
    AddProjectForm,
    AddSectionForm,
    AddToProjectForm,
    ProjectForm,
)


@dataclass(frozen=True)
class Group:
    """Tasks that stand together: those of a section, or of a project and no section."""

    section: AnyRow | None
    tasks: Sequence[AnyRow]
    more: str | None
    form: AddToProjectForm

    @property
    def section_id(self) -> int | Literal[""]:
        """The section as forms and addresses say it."""
        return self.section.id if self.section else ""


@bp.get("/projects")
def list_projects() -> Response:
    """Show one's projects in their order."""
    return _show_all(AddProjectForm(formdata=None))


@bp.post("/projects")
def add_project() -> BaseResponse:
    """Make a project, and show it."""
    form = AddProjectForm()
    try:
        if form.validate():
            project = projects.create(current_browser().actor, **form.values())
            return back_to(_url(project.id))
    except RuleViolation as error:
        form.show(*error.faults)
    return _show_all(form, 422)


@bp.get("/projects/<id:project_id>")
def show_project(project_id: int) -> Response:
    """Show a project: its open tasks by section, one section alone, or what is done."""
    project = projects.show(current_browser().actor, project_id)
    if request.args.get("show") == "done":
        return _show_list(project, _done(project.id), "Done", "-completed_at", show="done")
    if "section" in request.args:
        return _show_section(project, request.args["section"])
    return show_board(project, request.args.get("view", ""))


@bp.post("/projects/<id:project_id>/tasks")
def add_project_task(project_id: int) -> BaseResponse:
    """Add a task to a project, in the section that its form belongs to."""
    actor, form = current_browser().actor, AddToProjectForm()
    project, view = projects.show(actor, project_id), request.form.get("view", "")
    try:
        if form.validate():
            tasks.create(actor, project_id=project_id, **form.values())
            return back_to(_back(project_id))
    except RuleViolation as error:
        form.show(*error.faults)
    return show_board(project, view, task_form=form)


@bp.get("/projects/<id:project_id>/edit")
def show_project_edit(project_id: int) -> Response:
    """Show a project as a form."""
    project = projects.show(current_browser().actor, project_id)
    return page("web/project_edit.html", project=project, form=ProjectForm(None, obj=project))


@bp.post("/projects/<id:project_id>/edit")
def edit_project(project_id: int) -> BaseResponse:
    """Change a project's name or colour."""
    actor, form = current_browser().actor, ProjectForm()
    project = projects.show(actor, project_id)
    status = 422
    try:
        if form.validate():
            projects.update(actor, project_id, form.values(), seen=form.versions_seen())
            return back_to(_back(project_id))
    except RuleViolation as error:
        form.show(*error.faults)
    except StaleVersion:
        status = stale(form, projects.show(actor, project_id))
    return page("web/project_edit.html", status, project=project, form=form)


@bp.post("/projects/<id:project_id>/archive")
def archive_project(project_id: int) -> BaseResponse:
    """Put a project out of the way, or back, as the button said."""
    archived = request.form.get("archived") != "false"
    project = projects.update(current_browser().actor, project_id, {"archived": archived})
    done = "Archived" if archived else "Opened again:"
    notice(f"{done} “{project.name}”.", undoable=True)
    return back_to(_back(project_id))


@bp.post("/projects/<id:project_id>/shift")
def shift_project(project_id: int) -> BaseResponse:
    """Put a project one place up or down."""
    projects.shift(current_browser().actor, project_id, direction())
    return back_to(url_for("web.list_projects"))


@bp.post("/projects/<id:project_id>/delete")
def delete_project(project_id: int) -> BaseResponse:
    """Move a project and its tasks to the trash."""
    project = projects.delete(current_browser().actor, project_id)
    notice(f"Moved “{project.name}” and its tasks to the trash.", undoable=True)
    return back_to(url_for("web.list_projects"))


@bp.post("/trash/projects/<id:project_id>/restore")
def restore_project(project_id: int) -> BaseResponse:
    """Put a project back with the tasks that were deleted with it."""
    project = trash.restore_project(current_browser().actor, project_id, keep=trash_kept())
    notice(f"Restored “{project.name}”.", link=_url(project_id))
    return back_to(url_for("web.list_trash"))


@bp.post("/trash/projects/<id:project_id>/purge")
def purge_project(project_id: int) -> BaseResponse:
    """Remove a project for good."""
    trash.purge_project(current_browser().actor, project_id)
    notice("Deleted for good.")
    return back_to(url_for("web.list_trash"))


def show_board(
    project: AnyRow,
    view: str,
    *,
    task_form: AddToProjectForm | None = None,
    section_form: AddSectionForm | None = None,
) -> Response:
    """Show a project's open tasks by section; with a form that was refused, if there is one."""
    actor = current_browser().actor
    board = view == "board"
    sections = projects.list_sections(actor, project.id)
    groups = _groups(actor, project, (None, *sections))
    if task_form:
        # A section that is not here, or no longer, is told of above the others.
        said = task_form.section_id.data
        at = next((i for i, each in enumerate(groups) if said and each.section_id == said), 0)
        task_form.title.id = groups[at].form.title.id
        groups[at] = replace(groups[at], form=task_form)
    return page(
        "web/project.html",
        422 if task_form or section_form else 200,
        project=project,
        groups=groups,
        board=board,
        section_form=section_form or AddSectionForm(formdata=None),
        back=_url(project.id, view="board" if board else None),
    )


def stale(form: ProjectForm | Any, row: AnyRow) -> int:
    """Let a form tell that what it changes is another by now: to be sent again, if still wanted."""
    form.version.data = form.version.raw_data = None
    form.version.data = row.version
    form.form_errors.append(
        f"Has changed meanwhile: it is “{row.name}” now. Save again to replace that."
    )
    return 409


def shown_by(args: Mapping[str, str]) -> Filter | None:
    """What a project's page shows whose form this is; None for a form of another page."""
    if "project_id" not in args:
        return None
    project_id, said = read_id(args["project_id"]), args.get("section")
    if args.get("show") == "done":
        return _done(project_id)
    if said is None:
        return _within(project_id)
    return _within(project_id, "none" if said == "none" else read_id(said))


def direction() -> int:
    """Where a button moves something: up (-1) or down (1)."""
    return -1 if request.form.get("by") == "-1" else 1


def _show_all(form: AddProjectForm, status: int = 200) -> Response:
    actor = current_browser().actor
    found = projects.list_all(actor)
    return page(
        "web/projects.html",
        status,
        projects=[each for each in found if not each.archived],
        archived=[each for each in found if each.archived],
        form=form,
    )


def _groups(actor: Actor, project: AnyRow, sections: Sequence[AnyRow | None]) -> list[Group]:
    filters = [_within(project.id, section.id if section else "none") for section in sections]
    pages = tasks.list_first_pages(actor, filters, sort="rank", limit=PAGE_SIZE)
    together = zip(sections, pages, strict=True)
    return [_group(actor, project, section, found) for section, found in together]


def _group(actor: Actor, project: AnyRow, section: AnyRow | None, found: Page) -> Group:
    said: int | Literal["none"] = section.id if section else "none"
    scope = _scope(actor, project, said)
    more = paged.more(found, scope, "web.show_project", project_id=project.id, section=said)
    form = AddToProjectForm(formdata=None)
    form.title.id = f"title-{said}"
    return Group(section, found.rows, more, form)


def _show_section(project: AnyRow, said: str) -> Response:
    actor = current_browser().actor
    section = None
    if said != "none":
        section = projects.show_section(actor, read_id(said))
        if section.project_id != project.id:
            raise NotFound("There is no such section.")
    which: int | Literal["none"] = section.id if section else "none"
    heading = section.name if section else "Without a section"
    return _show_list(project, _within(project.id, which), heading, "rank", section=which)


def _within(project_id: int, section: int | Literal["none"] | None = None) -> Filter:
    """What is shown of a project: its open tasks, of all of it, of a section or of none."""
    return Filter(project=project_id, section=section, parent="none", completed=False)


def _done(project_id: int) -> Filter:
    """What is shown of a project as done."""
    return Filter(project=project_id, completed=True)


def _show_list(project: AnyRow, shown: Filter, heading: str, sort: str, **said: Any) -> Response:
    actor = current_browser().actor
    scope = _scope(actor, project, *said.values())
    found = tasks.list_page(actor, shown, sort=sort, limit=PAGE_SIZE, after=paged.place(*scope))
    return page(
        "web/project_tasks.html",
        project=project,
        tasks=found.rows,
        more=paged.more(found, scope, "web.show_project", project_id=project.id, **said),
        heading=heading,
        said=said,
        number=_number(shown),
    )


def _number(shown: Filter) -> int:
    found = counts(shown)
    return found.done if shown.completed else found.open


def _scope(actor: Actor, project: AnyRow, section: int | str) -> list[Any]:
    return [actor.id, "project", project.id, section]


def _url(project_id: int, **more: Any) -> str:
    return url_for("web.show_project", project_id=project_id, **more)


def _back(project_id: int) -> str:
    return own_path(request.form.get("back")) or _url(project_id)

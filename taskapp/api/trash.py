"""The trash as JSON: deleted tasks, until they are restored or gone."""

from typing import Any

from flask import Response

from taskapp.api.own import LINK, OwnBlueprint, answer_all, answer_one, answer_page, place_of
from taskapp.api.tasks import answer_task
from taskapp.auth.identity import current_actor
from taskapp.extensions import trash_kept
from taskapp.openapi import versioned
from taskapp.rest import versions_seen
from taskapp.schemas.projects import ProjectSchema, TrashedProjectSchema
from taskapp.schemas.tasks import PageQuerySchema, TaskSchema, TrashedTaskSchema
from taskapp.services import trash

bp = OwnBlueprint("trash", __name__, description="Your deleted tasks, which you can have back.")


@bp.route("")
@versioned
@bp.arguments(PageQuerySchema, location="query")
@bp.response(200, TrashedTaskSchema(many=True), example=[TrashedTaskSchema.example], headers=LINK)
def list_trash(query: dict[str, Any]) -> Response:
    """List your deleted tasks, the one deleted last first

    A task stays here for 30 days, unless whoever runs this has set another time.
    """
    actor = current_actor()
    scope = [actor.id, "trash"]
    page = trash.list_page(actor, keep=trash_kept(), **place_of(query, *scope))
    return answer_page(page, TrashedTaskSchema, *scope)


@bp.route("/empty", methods=["POST"])
@bp.response(204, description="It is empty.")
def empty_trash() -> Response:
    """Remove all your deleted tasks and projects for good

    This cannot be undone.
    """
    trash.empty(current_actor())
    return Response(status=204)


@bp.route("/<id:task_id>/restore", methods=["POST"])
@versioned
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def restore_task(task_id: int) -> Response:
    """Take a task out of the trash

    It is among your tasks again, as it was, with the subtasks that were deleted with it.
    """
    return answer_task(
        trash.restore(current_actor(), task_id, keep=trash_kept(), seen=versions_seen())
    )


@bp.route("/<id:task_id>", methods=["DELETE"])
@bp.response(204, description="It is gone.")
@bp.alt_response(404, "NOT_FOUND")
def purge_task(task_id: int) -> Response:
    """Remove a deleted task for good

    This cannot be undone.
    """
    trash.purge(current_actor(), task_id)
    return Response(status=204)


@bp.route("/projects")
@versioned
@bp.response(200, TrashedProjectSchema(many=True), example=[TrashedProjectSchema.example])
def list_trashed_projects() -> Response:
    """List your deleted projects, the one deleted last first

    A project stays here for as long as a task does.
    """
    rows = trash.list_projects(current_actor(), keep=trash_kept())
    return answer_all(rows, TrashedProjectSchema)


@bp.route("/projects/<id:project_id>/restore", methods=["POST"])
@versioned
@bp.response(200, ProjectSchema, example=ProjectSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def restore_project(project_id: int) -> Response:
    """Take a project out of the trash

    With the tasks that were deleted with it.
    """
    row = trash.restore_project(
        current_actor(), project_id, keep=trash_kept(), seen=versions_seen()
    )
    return answer_one(row, ProjectSchema)


@bp.route("/projects/<id:project_id>", methods=["DELETE"])
@bp.response(204, description="It is gone.")
@bp.alt_response(404, "NOT_FOUND")
def purge_project(project_id: int) -> Response:
    """Remove a deleted project for good

    With its tasks that are in the trash. This cannot be undone.
    """
    trash.purge_project(current_actor(), project_id)
    return Response(status=204)

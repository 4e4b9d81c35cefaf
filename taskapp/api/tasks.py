"""Tasks as JSON, under the id of the one whose they are."""

from typing import Any

from flask import Response, url_for

from taskapp.api.own import LINK, OwnBlueprint, answer_page, place_of
from taskapp.auth.identity import current_actor
from taskapp.models import Task
from taskapp.openapi import LOCATION, versioned
from taskapp.rest import answer, dump, render, versions_seen
from taskapp.schemas.tasks import (
    CompletionSchema,
    TaskChangeSchema,
    TaskCreateSchema,
    TaskQuerySchema,
    TaskSchema,
)
from taskapp.services import tasks

bp = OwnBlueprint("tasks", __name__, description="Your tasks.")


@bp.route("", methods=["POST"])
@versioned
@bp.arguments(TaskCreateSchema, example=TaskCreateSchema.example)
@bp.response(201, TaskSchema, example=TaskSchema.example, headers=LOCATION)
def create_task(body: dict[str, Any]) -> Response:
    """Create a task

    It is the newest of your tasks, and open unless `completed` says otherwise.
    """
    task = tasks.create(current_actor(), **body)
    here = url_for("tasks.show_task", user_id=task.user_id, task_id=task.id)
    return _answer(task, 201, location=here)


@bp.route("")
@versioned
@bp.arguments(TaskQuerySchema, location="query")
@bp.response(200, TaskSchema(many=True), example=[TaskSchema.example], headers=LINK)
def list_tasks(query: dict[str, Any]) -> Response:
    """List your tasks, the newest first

    A page at a time: while there is more, the `Link` header names the next page. Following it
    shows every task once, whatever is added or removed meanwhile.
    """
    actor = current_actor()
    filter_ = tasks.Filter(query.pop("completed", None), query.pop("q"))
    scope = [actor.id, query["sort"], filter_.completed, filter_.q]
    page = tasks.list_page(actor, filter_, **place_of(query, *scope))
    return answer_page(page, TaskSchema, *scope)


@bp.route("/<id:task_id>")
@versioned
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def show_task(task_id: int) -> Response:
    """Show a task

    Its `ETag` is what `If-Match` wants when you change it.
    """
    return _answer(tasks.show(current_actor(), task_id))


@bp.route("/<id:task_id>", methods=["PUT"])
@versioned
@bp.arguments(TaskChangeSchema, example=TaskChangeSchema.example)
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def put_task(body: dict[str, Any], task_id: int) -> Response:
    """Change a task

    Members that are absent keep their value, as with PATCH.
    """
    return _change(task_id, body)


@bp.route("/<id:task_id>", methods=["PATCH"])
@versioned
@bp.arguments(TaskChangeSchema, example=TaskChangeSchema.example)
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def patch_task(body: dict[str, Any], task_id: int) -> Response:
    """Change some of a task

    JSON Merge Patch (RFC 7396): absent members keep their value, null clears.
    """
    return _change(task_id, body)


@bp.route("/<id:task_id>", methods=["DELETE"])
@versioned
@bp.response(204, description="It is in the trash.")
@bp.alt_response(404, "NOT_FOUND")
def delete_task(task_id: int) -> Response:
    """Delete a task

    It goes to the trash, from where it can be restored for a while. With `If-Match`, only if it
    has not changed since.
    """
    tasks.delete(current_actor(), task_id, seen=versions_seen())
    return Response(status=204)


@bp.route("/<id:task_id>/complete", methods=["PATCH"])
@versioned
@bp.arguments(CompletionSchema, example=CompletionSchema.example, required=False)
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def complete_task(body: dict[str, bool | None], task_id: int) -> Response:
    """Mark a task done, or open again

    Without a body it is turned round. With `completed` it is set, so that sending it twice does
    no harm.
    """
    task = tasks.complete(current_actor(), task_id, body["completed"], seen=versions_seen())
    return _answer(task)


def _change(task_id: int, changes: dict[str, Any]) -> Response:
    return _answer(tasks.update(current_actor(), task_id, changes, seen=versions_seen()))


def _answer(task: Task | Any, status: int = 200, *, location: str | None = None) -> Response:
    body = dump(render(task, TaskSchema))
    return answer(body, status, etag=str(task.version), location=location)

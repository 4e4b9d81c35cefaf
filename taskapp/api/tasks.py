"""Tasks as JSON, under the id of the one whose they are."""

from typing import Any

from flask import Response, url_for

from taskapp.api.own import LINK, OwnBlueprint, answer_all, answer_page, place_of
from taskapp.auth.identity import asks_itself, current_actor
from taskapp.openapi import LOCATION, versioned
from taskapp.rest import answer, dump, render, versions_seen
from taskapp.schemas.tasks import (
    CompletionSchema,
    MoveSchema,
    SubtasksQuerySchema,
    TaskChangeSchema,
    TaskCreateSchema,
    TaskQuerySchema,
    TaskSchema,
)
from taskapp.services import tasks
from taskapp.services.filters import Filter

PAGING: tuple[str, ...] = ("sort", "limit", "cursor")

bp = OwnBlueprint("tasks", __name__, description="Your tasks.")


@bp.route("", methods=["POST"])
@versioned
@asks_itself
@bp.arguments(TaskCreateSchema, example=TaskCreateSchema.example)
@bp.response(201, TaskSchema, example=TaskSchema.example, headers=LOCATION)
def create_task(body: dict[str, Any]) -> Response:
    """Create a task

    It is the last of its place, which is the Inbox unless another is named, and open unless
    `completed` says otherwise.
    """
    task = tasks.create(current_actor(), **body)
    here = url_for("tasks.show_task", user_id=task.user_id, task_id=task.id)
    return answer_task(task, 201, location=here)


@bp.route("")
@versioned
@asks_itself
@bp.arguments(TaskQuerySchema, location="query")
@bp.response(200, TaskSchema(many=True), example=[TaskSchema.example], headers=LINK)
def list_tasks(query: dict[str, Any]) -> Response:
    """List your tasks, the newest first

    A page at a time: while there is more, the `Link` header names the next page. Following it
    shows every task once, whatever is added or removed meanwhile.
    """
    actor = current_actor()
    paging = {name: query.pop(name) for name in PAGING if name in query}
    filter_ = Filter(**query)
    scope = [actor.id, paging["sort"], *scope_of(query)]
    page = tasks.list_page(actor, filter_, **place_of(paging, *scope))
    return answer_page(page, TaskSchema, *scope)


def scope_of(query: dict[str, Any]) -> list[Any]:
    """What a cursor has to know of a filter: it opens with the same one only."""
    return [[name, str(value)] for name, value in sorted(query.items()) if value != ""]


@bp.route("/<id:task_id>")
@versioned
@asks_itself
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def show_task(task_id: int) -> Response:
    """Show a task

    Its `ETag` is what `If-Match` wants when you change it.
    """
    return answer_task(tasks.show(current_actor(), task_id))


@bp.route("/<id:task_id>", methods=["PUT"])
@versioned
@asks_itself
@bp.arguments(SubtasksQuerySchema, location="query", as_kwargs=True)
@bp.arguments(TaskChangeSchema, example=TaskChangeSchema.example)
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
@bp.alt_response(409, "CONFLICT")
def put_task(body: dict[str, Any], task_id: int, **query: Any) -> Response:
    """Change a task

    Members that are absent keep their value, as with PATCH.
    """
    return _change(task_id, body, **query)


@bp.route("/<id:task_id>", methods=["PATCH"])
@versioned
@asks_itself
@bp.arguments(SubtasksQuerySchema, location="query", as_kwargs=True)
@bp.arguments(TaskChangeSchema, example=TaskChangeSchema.example)
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
@bp.alt_response(409, "CONFLICT")
def patch_task(body: dict[str, Any], task_id: int, **query: Any) -> Response:
    """Change some of a task

    JSON Merge Patch (RFC 7396): absent members keep their value, null clears.
    """
    return _change(task_id, body, **query)


@bp.route("/<id:task_id>", methods=["DELETE"])
@versioned
@asks_itself
@bp.response(204, description="It is in the trash.")
@bp.alt_response(404, "NOT_FOUND")
def delete_task(task_id: int) -> Response:
    """Delete a task

    It goes to the trash with its subtasks, from where it can be restored for a while. With
    `If-Match`, only if it has not changed since.
    """
    tasks.delete(current_actor(), task_id, seen=versions_seen())
    return Response(status=204)


@bp.route("/<id:task_id>/complete", methods=["PATCH"])
@versioned
@asks_itself
@bp.arguments(SubtasksQuerySchema, location="query", as_kwargs=True)
@bp.arguments(CompletionSchema, example=CompletionSchema.example, required=False)
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
@bp.alt_response(409, "CONFLICT")
def complete_task(body: dict[str, bool | None], task_id: int, **query: Any) -> Response:
    """Mark a task done, or open again

    Without a body it is turned round. With `completed` it is set, so that sending it twice does
    no harm. What becomes of open subtasks has to be said, or it is 409; opening a subtask opens
    the tasks that it is below.
    """
    task = tasks.complete(
        current_actor(), task_id, body["completed"], seen=versions_seen(), **query
    )
    return answer_task(task)


@bp.route("/<id:task_id>/move", methods=["POST"])
@versioned
@asks_itself
@bp.arguments(MoveSchema, example=MoveSchema.example)
@bp.response(200, TaskSchema, example=TaskSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def move_task(body: dict[str, Any], task_id: int) -> Response:
    """Put a task somewhere else

    Into a project, a section or below another task, and there after one of those that are there.
    Its subtasks go along.
    """
    return answer_task(tasks.move(current_actor(), task_id, body, seen=versions_seen()))


@bp.route("/<id:task_id>/subtasks")
@versioned
@bp.response(200, TaskSchema(many=True), example=[TaskSchema.example])
@bp.alt_response(404, "NOT_FOUND")
def list_subtasks(task_id: int) -> Response:
    """List all that is below a task

    Each after the task that it is right below, in their order by hand.
    """
    rows = tasks.list_subtasks(current_actor(), task_id)
    return answer_all(rows, TaskSchema)


def answer_task(task: Any, status: int = 200, *, location: str | None = None) -> Response:
    """One task; its ETag changes with the count of its subtasks too."""
    etag = str(task.version)
    if task.subtasks_open or task.subtasks_done:
        etag += f".{task.subtasks_open}.{task.subtasks_done}"
    return answer(dump(render(task, TaskSchema)), status, etag=etag, location=location)


def _change(task_id: int, changes: dict[str, Any], **query: Any) -> Response:
    seen = versions_seen()
    return answer_task(tasks.update(current_actor(), task_id, changes, seen=seen, **query))

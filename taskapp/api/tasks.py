"""Tasks as JSON, under the id of the one whose they are."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request, url_for

from taskapp.api import cursors
from taskapp.auth.identity import current_actor
from taskapp.domain.errors import PermissionDenied
from taskapp.models import Task
from taskapp.openapi import LOCATION, Blueprint, versioned
from taskapp.rest import answer, dump, render, versions_seen
from taskapp.schemas.tasks import (
    CompletionSchema,
    TaskChangeSchema,
    TaskCreateSchema,
    TaskQuerySchema,
    TaskSchema,
)
from taskapp.services import tasks

bp = Blueprint("tasks", __name__, url_prefix="/api/<id:user_id>/tasks", description="Your tasks.")

_LINK = {"Link": {"schema": {"type": "string"}, "description": 'The next page, as rel="next".'}}


@bp.url_value_preprocessor
def _take_user_id(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.path_user_id = (values or {}).pop("user_id", None)


@bp.before_request
def _refuse_other_accounts() -> None:
    # OPTIONS, which tells nothing, comes without a token when a browser asks before it calls.
    if request.method != "OPTIONS" and g.path_user_id != current_actor().id:
        raise PermissionDenied


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
@bp.response(200, TaskSchema(many=True), example=[TaskSchema.example], headers=_LINK)
def list_tasks(query: dict[str, Any]) -> Response:
    """List your tasks, the newest first

    A page at a time: while there is more, the `Link` header names the next page. Following it
    shows every task once, whatever is added or removed meanwhile.
    """
    actor = current_actor()
    scope = [actor.id, query["sort"], query.get("completed")]
    if "cursor" in query:
        query["after"] = cursors.unseal(query.pop("cursor"), *scope)
    page = tasks.list_page(actor, **query)
    body = dump([render(task, TaskSchema) for task in page.tasks])
    link = _link_to_next(cursors.seal(page.end, *scope)) if page.end else ""
    etag = hashlib.blake2b(body + link.encode(), digest_size=16).hexdigest()
    response = answer(body, etag=etag)
    if link:
        response.headers["Link"] = link
    return response


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
@bp.response(204, description="It is gone.")
@bp.alt_response(404, "NOT_FOUND")
def delete_task(task_id: int) -> Response:
    """Delete a task

    With `If-Match`, only if it has not changed since.
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


def _link_to_next(cursor: str) -> str:
    """The value of a Link header (RFC 8288): this request with another cursor."""
    query = request.args.to_dict() | {"cursor": cursor}
    return f'<{request.path}?{urlencode(query)}>; rel="next"'


def _change(task_id: int, changes: dict[str, Any]) -> Response:
    return _answer(tasks.update(current_actor(), task_id, changes, seen=versions_seen()))


def _answer(task: Task | Any, status: int = 200, *, location: str | None = None) -> Response:
    body = dump(render(task, TaskSchema))
    return answer(body, status, etag=str(task.version), location=location)

"""Labels as JSON."""

from typing import Any

from flask import Response, url_for

from taskapp.api.own import OwnBlueprint, answer_all, answer_one
from taskapp.auth.identity import current_actor
from taskapp.openapi import LOCATION, versioned
from taskapp.rest import versions_seen
from taskapp.schemas.projects import (
    LabelChangeSchema,
    LabelCreateSchema,
    LabelSchema,
    MergeSchema,
)
from taskapp.services import labels

bp = OwnBlueprint("labels", __name__, description="Your labels.")


@bp.route("", methods=["POST"])
@versioned
@bp.arguments(LabelCreateSchema, example=LabelCreateSchema.example)
@bp.response(201, LabelSchema, example=LabelSchema.example, headers=LOCATION)
@bp.alt_response(409, "CONFLICT")
def create_label(body: dict[str, Any]) -> Response:
    """Create a label

    No two of yours have the same name, whatever its case.
    """
    row = labels.create(current_actor(), **body)
    here = url_for("labels.show_label", user_id=row.user_id, label_id=row.id)
    return answer_one(row, LabelSchema, 201, location=here)


@bp.route("")
@versioned
@bp.response(200, LabelSchema(many=True), example=[LabelSchema.example])
def list_labels() -> Response:
    """List your labels

    All of them, by name.
    """
    return answer_all(labels.list_all(current_actor()), LabelSchema)


@bp.route("/<id:label_id>")
@versioned
@bp.response(200, LabelSchema, example=LabelSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def show_label(label_id: int) -> Response:
    """Show a label

    Its `ETag` is what `If-Match` wants when you change it.
    """
    return answer_one(labels.show(current_actor(), label_id), LabelSchema)


@bp.route("/<id:label_id>", methods=["PATCH"])
@versioned
@bp.arguments(LabelChangeSchema, example=LabelChangeSchema.example)
@bp.response(200, LabelSchema, example=LabelSchema.example)
@bp.alt_response(404, "NOT_FOUND")
@bp.alt_response(409, "CONFLICT")
def change_label(body: dict[str, Any], label_id: int) -> Response:
    """Change some of a label

    Absent members keep their value.
    """
    row = labels.update(current_actor(), label_id, body, seen=versions_seen())
    return answer_one(row, LabelSchema)


@bp.route("/<id:label_id>", methods=["DELETE"])
@versioned
@bp.response(204, description="It is gone; no task bears it.")
@bp.alt_response(404, "NOT_FOUND")
def delete_label(label_id: int) -> Response:
    """Remove a label

    From all tasks, and altogether.
    """
    labels.delete(current_actor(), label_id, seen=versions_seen())
    return Response(status=204)


@bp.route("/<id:label_id>/merge", methods=["POST"])
@versioned
@bp.arguments(MergeSchema, example=MergeSchema.example)
@bp.response(200, LabelSchema, example=LabelSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def merge_label(body: dict[str, Any], label_id: int) -> Response:
    """Merge a label into another

    All tasks that bear it bear the other instead, and it is gone. The one that stays is answered.
    """
    row = labels.merge(current_actor(), label_id, body["into"], seen=versions_seen())
    return answer_one(row, LabelSchema)

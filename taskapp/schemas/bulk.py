"""Many tasks at once on the wire."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from taskapp.domain import tasks as rules
from taskapp.domain.rules import one_of
from taskapp.schemas.base import Coded, Flag, Identifier, Inner, Schema, Text, obeys
from taskapp.schemas.problems import FaultSchema
from taskapp.schemas.tasks import (
    FilterQuerySchema,
    MarksSchema,
    MoveSchema,
    SubtasksQuerySchema,
    TaskChangeSchema,
    TaskCreateSchema,
    TaskSchema,
)
from taskapp.services.bulk import OPERATIONS, OPERATIONS_MOST

_MISSING = Coded("Is missing.", "required")
_OUT_OF_PLACE = Coded("Does not go with this act; remove it.", "unfit")


class MatchingQuerySchema(FilterQuerySchema, SubtasksQuerySchema):
    """Which tasks to do something to."""


class MatchingSchema(Schema):
    """What to do to all tasks that the query lets through."""

    act = Text(
        required=True,
        rule=one_of("complete", "reopen", "delete", "update"),
        metadata={
            "enum": ["complete", "reopen", "delete", "update"],
            "description": "`update` gives them all the same `values`.",
        },
    )
    values = Inner(
        MarksSchema,
        metadata={"description": "For `update`; `labels` are added to those that a task bears."},
    )
    example = {"act": "update", "values": {"due_on": "2026-02-07"}}

    @validates_schema
    def _belong(self, data: dict[str, Any], **_: Any) -> None:
        if data["act"] == "update" and "values" not in data:
            raise ValidationError(_MISSING, "values")
        if data["act"] != "update" and "values" in data:
            raise ValidationError(_OUT_OF_PLACE, "values")


class DoneSchema(Schema):
    """How much was done."""

    count = fields.Integer(required=True, metadata={"description": "How many tasks changed."})
    example = {"count": 3}


class OperationSchema(Schema):
    """One of several things to do to tasks."""

    op = Text(
        required=True,
        rule=one_of(*OPERATIONS),
        metadata={"enum": list(OPERATIONS), "description": "What to do."},
    )
    id = Identifier(metadata={"description": "To which task; for all but `create`."})
    values = Inner(
        "OperationValuesSchema",
        load_default=dict,
        metadata={"description": "What to create or change, or where to `move` it."},
    )
    subtasks = SubtasksQuerySchema._declared_fields["subtasks"]
    example = {"op": "complete", "id": 1}

    @validates_schema
    def _belong(self, data: dict[str, Any], **_: Any) -> None:
        """What one kind of operation needs, and what goes with another only."""
        creates, values = data["op"] == "create", data["values"]
        faults: dict[str, Any] = {}
        if creates == ("id" in data):
            faults["id"] = [_OUT_OF_PLACE if creates else _MISSING]
        alien = values.keys() - _VALUES_OF.get(data["op"], set())
        faults["values"] = {name: [_OUT_OF_PLACE] for name in alien}
        if creates and "title" not in values:
            faults["values"]["title"] = [_MISSING]
        if any(faults.values()):
            raise ValidationError({name: each for name, each in faults.items() if each})


class OperationValuesSchema(TaskChangeSchema, MoveSchema):
    """The values of an operation."""

    example = {"title": "Write to Grace"}


_VALUES_OF = {
    "create": set(TaskCreateSchema._declared_fields),
    "update": set(TaskChangeSchema._declared_fields),
    "move": set(MoveSchema._declared_fields),
}


class BulkSchema(Schema):
    """Up to 100 operations."""

    atomic = Flag(
        load_default=False,
        metadata={"description": "All of them or none; otherwise each for itself."},
    )
    operations = fields.List(
        Inner(OperationSchema),
        required=True,
        validate=obeys(rules.at_most(OPERATIONS_MOST)),
        metadata={"maxItems": OPERATIONS_MOST, "description": "In the order to do them in."},
        error_messages={
            "required": Coded("Is missing.", "required"),
            "null": Coded("Must not be null.", "null"),
            "invalid": Coded("Must be a list of operations.", "type"),
        },
    )
    example = {
        "atomic": True,
        "operations": [
            {"op": "create", "values": {"title": "Buy ink"}},
            {"op": "complete", "id": 1, "subtasks": "complete"},
        ],
    }


class OutcomeSchema(Schema):
    """What became of one operation."""

    status = fields.Integer(
        required=True, metadata={"description": "The status that it would have alone."}
    )
    task = fields.Nested(
        TaskSchema, metadata={"description": "The task as it is now, when it was done."}
    )
    code = fields.String(metadata={"description": "When it was refused: why, for programs."})
    detail = fields.String(metadata={"description": "When it was refused: why, for people."})
    errors = fields.List(
        fields.Nested(FaultSchema), metadata={"description": "Each fault, at a 422."}
    )
    example = {"status": 200, "task": TaskSchema.example}


class OutcomesSchema(Schema):
    """What became of the operations, in their order."""

    results = fields.List(
        fields.Nested(OutcomeSchema),
        required=True,
        metadata={"description": "One for each operation."},
    )
    example = {"results": [OutcomeSchema.example]}

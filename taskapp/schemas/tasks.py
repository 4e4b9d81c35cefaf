"""Tasks on the wire."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from taskapp.domain import dates
from taskapp.domain import tasks as rules
from taskapp.domain.rules import one_of
from taskapp.schemas.base import (
    LINE_PATTERN,
    Coded,
    Day,
    Flag,
    Identifier,
    Inner,
    Moment,
    QueryFlag,
    QueryId,
    QueryInteger,
    Schema,
    Text,
    obeys,
)
from taskapp.schemas.problems import FaultSchema
from taskapp.services.bulk import OPERATIONS, OPERATIONS_MOST
from taskapp.services.completion import SUBTASKS
from taskapp.services.filters import ORDERS

LIMIT_MOST = 500
SORTS = tuple(f"{sign}{name}" for name in ORDERS for sign in ("", "-"))

_TITLE = {
    "minLength": 1,
    "maxLength": rules.TITLE_MOST,
    "pattern": LINE_PATTERN,
    "description": "One line. White space around it is removed.",
}
_DESCRIPTION = {
    "maxLength": rules.DESCRIPTION_MOST,
    "pattern": "^[^\\u0000]*$",
    "description": "Any text, line breaks included; null for none.",
}


_PRIORITY = {"enum": list(rules.PRIORITIES), "description": "How urgent it is."}
_LABELS = "The ids of the labels that it bears."
_DUE_ON = "The day on which it is due, at any time; null for none. Takes the place of `due_at`."
_DUE_AT = (
    "The instant at which it is due, to the minute; null for none. Takes the place of `due_on`."
)
_DUE_ZONE = "The IANA time zone in which `due_at` is meant; your own unless you say another."
_START_ON = "The day from which it can be begun; until then it is not in Today or Upcoming."
_PLACE = {
    "project_id": "The project that it is in; null for the Inbox.",
    "section_id": "The section of the project; null for none.",
    "parent_id": "The task that it is a subtask of; null for none.",
}
_MISSING = Coded("Is missing.", "required")
_OUT_OF_PLACE = Coded("Does not go with this act; remove it.", "unfit")


class PlaceSchema(Schema):
    """Where a task stands."""

    project_id = Identifier(allow_none=True, metadata={"description": _PLACE["project_id"]})
    section_id = Identifier(allow_none=True, metadata={"description": _PLACE["section_id"]})
    parent_id = Identifier(allow_none=True, metadata={"description": _PLACE["parent_id"]})


class MarksSchema(PlaceSchema):
    """What organises a task."""

    priority = Text(rule=rules.RULES["priority"], metadata=_PRIORITY)
    labels = fields.List(
        Identifier(),
        validate=obeys(rules.labels),
        metadata={"description": _LABELS, "maxItems": rules.LABELS_MOST},
        error_messages={
            "invalid": Coded("Must be a list of ids.", "type"),
            "null": Coded("Must not be null; send an empty list.", "null"),
        },
    )
    due_on = Day(allow_none=True, metadata={"description": _DUE_ON})
    due_at = Moment(
        allow_none=True, validate=obeys(dates.instant), metadata={"description": _DUE_AT}
    )
    due_zone = Text(
        rule=dates.zone, allow_none=True, metadata={"maxLength": 64, "description": _DUE_ZONE}
    )
    start_on = Day(allow_none=True, metadata={"description": _START_ON})


class TaskChangeSchema(MarksSchema):
    """What to change of a task: absent members keep their value."""

    title = Text(rule=rules.title, metadata=_TITLE)
    description = Text(rule=rules.description, allow_none=True, metadata=_DESCRIPTION)
    completed = Flag(metadata={"description": "Whether it is done."})
    example = {"title": "Write to Grace", "description": None, "due_on": "2026-02-06"}


class TaskCreateSchema(TaskChangeSchema):
    """A task to be."""

    title = Text(rule=rules.title, required=True, metadata=_TITLE)
    example = {"title": "Write to Grace", "description": "About the compiler.\nBefore Friday."}


class CompletionSchema(Schema):
    """Whether a task is to be done."""

    completed = Flag(
        required=True, allow_none=True, metadata={"description": "null turns it round."}
    )
    without_body = {"completed": None}
    example = {"completed": True}


class SubtasksQuerySchema(Schema):
    """What becomes of the open subtasks of a task that is completed."""

    subtasks = Text(
        rule=one_of(*SUBTASKS),
        metadata={
            "enum": list(SUBTASKS),
            "description": "What becomes of open subtasks when their task is completed: `complete` "
            "them as well, or `keep` them open and move them to where it was. Must be said only "
            "when there are any.",
        },
    )


class MoveSchema(PlaceSchema):
    """Where a task is to stand: absent members keep their value."""

    after = Identifier(
        allow_none=True,
        metadata={
            "description": "The task there that it comes right after; null to come first. "
            "Without it, it comes last."
        },
    )
    example = {"project_id": 1, "section_id": None, "after": None}


class TaskSchema(Schema):
    """A task, as it is answered."""

    id = fields.Integer(
        required=True, metadata={"format": "int64", "description": "Never given twice."}
    )
    user_id = fields.Integer(
        required=True, metadata={"format": "int64", "description": "Whose it is."}
    )
    title = fields.String(required=True, metadata={"description": "One line."})
    description = fields.String(
        required=True, allow_none=True, metadata={"description": "Any text; null for none."}
    )
    completed = Flag(required=True, metadata={"description": "Whether it is done."})
    completed_at = Moment(
        required=True, allow_none=True, metadata={"description": "When it was completed."}
    )
    priority = fields.String(required=True, metadata=_PRIORITY)
    labels = fields.List(Identifier(), required=True, metadata={"description": _LABELS})
    project_id = Identifier(
        required=True, allow_none=True, metadata={"description": _PLACE["project_id"]}
    )
    section_id = Identifier(
        required=True, allow_none=True, metadata={"description": _PLACE["section_id"]}
    )
    parent_id = Identifier(
        required=True, allow_none=True, metadata={"description": _PLACE["parent_id"]}
    )
    depth = fields.Integer(
        required=True, metadata={"description": "How many tasks it is below: 0 for none."}
    )
    rank = fields.String(
        required=True,
        metadata={"description": "Its place among others: compare ranks byte by byte."},
    )
    due_on = Day(required=True, allow_none=True, metadata={"description": _DUE_ON})
    due_at = Moment(required=True, allow_none=True, metadata={"description": _DUE_AT})
    due_zone = fields.String(required=True, allow_none=True, metadata={"description": _DUE_ZONE})
    start_on = Day(required=True, allow_none=True, metadata={"description": _START_ON})
    subtasks_open = fields.Integer(
        required=True, metadata={"description": "How many open subtasks are right below it."}
    )
    subtasks_done = fields.Integer(
        required=True, metadata={"description": "How many subtasks right below it are done."}
    )
    created_at = Moment(required=True, metadata={"description": "When it was created."})
    updated_at = Moment(required=True, metadata={"description": "When it last changed."})
    example = {
        "id": 1,
        "user_id": 1,
        "title": "Write to Grace",
        "description": "About the compiler.\nBefore Friday.",
        "completed": False,
        "completed_at": None,
        "priority": "high",
        "labels": [1, 2],
        "project_id": 1,
        "section_id": None,
        "parent_id": None,
        "depth": 0,
        "rank": "p1769851800123456",
        "due_on": "2026-02-06",
        "due_at": None,
        "due_zone": None,
        "start_on": None,
        "subtasks_open": 0,
        "subtasks_done": 0,
        "created_at": "2026-01-31T09:30:00.123456Z",
        "updated_at": "2026-01-31T09:30:00.123456Z",
    }


class TrashedTaskSchema(TaskSchema):
    """A task in the trash."""

    deleted_at = Moment(required=True, metadata={"description": "When it was deleted."})
    example = {**TaskSchema.example, "deleted_at": "2026-02-01T08:00:00.654321Z"}


class PageQuerySchema(Schema):
    """Which stretch of a list."""

    limit = QueryInteger(
        least=1,
        most=LIMIT_MOST,
        load_default=100,
        metadata={"description": "How many at the most."},
    )
    cursor = Text(
        metadata={
            "description": "Where to go on: take it from the `Link` header of the page before, "
            "with the same filter and order."
        }
    )


class FilterQuerySchema(Schema):
    """Which tasks."""

    completed = QueryFlag(metadata={"description": "Only those done, or only those open."})
    project = QueryId(
        "inbox", metadata={"description": "Only those of a project, or `inbox` for those of none."}
    )
    section = QueryId(
        "none", metadata={"description": "Only those of a section, or `none` for those in none."}
    )
    parent = QueryId(
        "none",
        metadata={"description": "Only those right below a task, or `none` for no subtasks."},
    )
    label = QueryId(metadata={"description": "Only those that bear a label, by its id."})
    priority = Text(
        rule=rules.RULES["priority"],
        metadata={"enum": list(rules.PRIORITIES), "description": "Only those of a priority."},
    )
    due_from = Day(
        metadata={"description": "Only those due on this day, in your time zone, or later."}
    )
    due_to = Day(
        metadata={"description": "Only those due on this day, in your time zone, or earlier."}
    )
    started_by = Day(
        metadata={"description": "Only those that can be begun on this day, or earlier."}
    )
    archived = QueryFlag(
        metadata={"description": "Only those of archived projects, or only the others."}
    )
    q = Text(
        rule=rules.words,
        load_default="",
        metadata={
            "maxLength": rules.WORDS_MOST,
            "description": "Only those with all these words in title or description, "
            "whatever the case.",
        },
    )


class TaskQuerySchema(PageQuerySchema, FilterQuerySchema):
    """Which tasks of a list, in which order."""

    sort = Text(
        rule=one_of(*SORTS),
        load_default="-created_at",
        metadata={
            "enum": list(SORTS),
            "description": "What to order by; `-` puts the newest, or the last in the "
            "alphabet, first. Titles are compared without regard to case; `rank` is the order by "
            "hand; `due` puts those without a date last; `completed_at` leaves out what is open.",
        },
    )


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

"""Tasks on the wire."""

from marshmallow import fields

from taskapp.domain import dates
from taskapp.domain import tasks as rules
from taskapp.domain.rules import one_of
from taskapp.schemas.base import (
    LINE_PATTERN,
    Coded,
    Day,
    Flag,
    Identifier,
    Moment,
    QueryFlag,
    QueryId,
    QueryInteger,
    Schema,
    Text,
    obeys,
)
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
_DUE_ZONE = "The IANA time zone in which `due_at` is meant; null goes back to your own."
_START_ON = "The day from which it can be begun; until then it is not in Today or Upcoming."
_PLACE = {
    "project_id": "The project that it is in; null for the Inbox.",
    "section_id": "The section of the project; null for none.",
    "parent_id": "The task that it is a subtask of; null for none.",
}


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
    due_zone = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The IANA time zone in which `due_at` is meant; null without it."},
    )
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

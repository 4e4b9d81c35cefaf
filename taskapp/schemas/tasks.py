"""Tasks on the wire."""

from marshmallow import fields

from taskapp.domain import tasks as rules
from taskapp.domain.rules import one_of
from taskapp.schemas.base import Flag, Moment, QueryFlag, QueryInteger, Schema, Text

LIMIT_MOST = 500
SORTS = tuple(
    f"{sign}{name}" for name in ("created_at", "updated_at", "title") for sign in ("", "-")
)

# No control character, and something other than white space.
_LINE = "[^\\u0000-\\u001f\\u007f-\\u009f]*"
_TITLE = {
    "minLength": 1,
    "maxLength": rules.TITLE_MOST,
    "pattern": f"^{_LINE}[^\\s\\u0000-\\u001f\\u007f-\\u009f]{_LINE}$",
    "description": "One line. White space around it is removed.",
}
_DESCRIPTION = {
    "maxLength": rules.DESCRIPTION_MOST,
    "pattern": "^[^\\u0000]*$",
    "description": "Any text, line breaks included; null for none.",
}


class TaskChangeSchema(Schema):
    """What to change of a task: absent members keep their value."""

    title = Text(rule=rules.title, metadata=_TITLE)
    description = Text(rule=rules.description, allow_none=True, metadata=_DESCRIPTION)
    completed = Flag(metadata={"description": "Whether it is done."})
    example = {"title": "Write to Grace", "description": None}


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
    created_at = Moment(required=True, metadata={"description": "When it was created."})
    updated_at = Moment(required=True, metadata={"description": "When it last changed."})
    example = {
        "id": 1,
        "user_id": 1,
        "title": "Write to Grace",
        "description": "About the compiler.\nBefore Friday.",
        "completed": False,
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


class TaskQuerySchema(PageQuerySchema):
    """Which tasks of a list, in which order."""

    completed = QueryFlag(metadata={"description": "Only those done, or only those open."})
    q = Text(
        rule=rules.words,
        load_default="",
        metadata={
            "maxLength": rules.WORDS_MOST,
            "description": "Only those with all these words in title or description, "
            "whatever the case.",
        },
    )
    sort = Text(
        rule=one_of(*SORTS),
        load_default="-created_at",
        metadata={
            "enum": list(SORTS),
            "description": "What to order by; `-` puts the newest, or the last in the "
            "alphabet, first. Titles are compared without regard to case.",
        },
    )

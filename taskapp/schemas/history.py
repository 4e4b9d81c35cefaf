"""What happened, on the wire."""

from marshmallow import fields

from taskapp.schemas.base import Identifier, Moment, QueryId, QueryInteger, Schema
from taskapp.schemas.tasks import PageQuerySchema


class EventSchema(Schema):
    """One change of one thing."""

    id = Identifier(required=True, metadata={"description": "Its position: later ones have more."})
    act = Identifier(
        required=True, metadata={"description": "What was done at once, and is undone at once."}
    )
    at = Moment(required=True, metadata={"description": "When."})
    actor_id = Identifier(required=True, metadata={"description": "Who did it."})
    through = fields.String(
        required=True,
        metadata={"enum": ["web", "api", "cli"], "description": "Through which door."},
    )
    undoes = Identifier(
        required=True, allow_none=True, metadata={"description": "The act that it took back."}
    )
    kind = fields.String(
        required=True,
        metadata={
            "enum": ["task", "project", "section", "label"],
            "description": "What sort of thing.",
        },
    )
    thing_id = Identifier(required=True, metadata={"description": "Which one."})
    verb = fields.String(
        required=True,
        metadata={
            "enum": ["created", "updated", "deleted", "restored", "removed"],
            "description": "What became of it. `deleted` is in the trash; `removed` is gone for "
            "good.",
        },
    )
    before = fields.Dict(
        required=True, metadata={"description": "What changed, as it was; all of it if removed."}
    )
    after = fields.Dict(
        required=True, metadata={"description": "What changed, as it became; all of it if created."}
    )
    example = {
        "id": 7,
        "act": 7,
        "at": "2026-01-31T09:30:00.123456Z",
        "actor_id": 1,
        "through": "api",
        "undoes": None,
        "kind": "task",
        "thing_id": 1,
        "verb": "updated",
        "before": {"title": "Write to Grace"},
        "after": {"title": "Write to Grace Hopper"},
    }


class ChangesQuerySchema(Schema):
    """From where on."""

    since = QueryInteger(
        least=0,
        most=2**63 - 1,
        metadata={
            "description": "The `position` of the answer before. Without it, nothing is told but "
            "where the history is now."
        },
    )
    limit = PageQuerySchema._declared_fields["limit"]


class ChangesSchema(Schema):
    """What changed, in its order."""

    events = fields.List(
        fields.Nested(EventSchema), required=True, metadata={"description": "The changes."}
    )
    position = fields.Integer(
        required=True,
        metadata={"format": "int64", "description": "Send it as `since` to go on from here."},
    )
    more = fields.Boolean(
        required=True, metadata={"description": "Whether there is more right now."}
    )
    example = {"events": [EventSchema.example], "position": 7, "more": False}


class ActivityQuerySchema(PageQuerySchema):
    """Whose story, and from where on."""

    task = QueryId(metadata={"description": "Only what happened to a task, by its id."})


class UndoneSchema(Schema):
    """How much was taken back."""

    count = fields.Integer(
        required=True, metadata={"description": "How many things are as they were."}
    )
    example = {"count": 1}

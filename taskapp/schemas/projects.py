"""Projects, sections and labels on the wire."""

from marshmallow import fields

from taskapp.domain import projects as rules
from taskapp.schemas.base import (
    LINE_PATTERN,
    Flag,
    Identifier,
    Moment,
    QueryFlag,
    QueryId,
    Schema,
    Text,
)

_NAME = {
    "minLength": 1,
    "maxLength": rules.NAME_MOST,
    "pattern": LINE_PATTERN,
    "description": "One line. White space around it is removed.",
}
_COLOR = {"enum": list(rules.COLORS), "description": "How it is shown."}
_RANK = "Its place among the others: compare ranks byte by byte."


class ProjectChangeSchema(Schema):
    """What to change of a project: absent members keep their value."""

    name = Text(rule=rules.name, metadata=_NAME)
    color = Text(rule=rules.RULES["color"], metadata=_COLOR)
    archived = Flag(metadata={"description": "Whether it is out of the way."})
    example = {"archived": True}


class ProjectCreateSchema(ProjectChangeSchema):
    """A project to be."""

    name = Text(rule=rules.name, required=True, metadata=_NAME)
    example = {"name": "Moving house", "color": "teal"}


class ThingSchema(Schema):
    """What all of them are answered with."""

    id = Identifier(required=True, metadata={"description": "Never given twice."})
    user_id = Identifier(required=True, metadata={"description": "Whose it is."})
    name = fields.String(required=True, metadata={"description": "One line."})
    created_at = Moment(required=True, metadata={"description": "When it was created."})
    updated_at = Moment(required=True, metadata={"description": "When it last changed."})
    example = {
        "id": 1,
        "user_id": 1,
        "name": "Moving house",
        "created_at": "2026-01-31T09:30:00.123456Z",
        "updated_at": "2026-01-31T09:30:00.123456Z",
    }


class ProjectSchema(ThingSchema):
    """A project."""

    color = fields.String(required=True, metadata=_COLOR)
    archived = Flag(required=True, metadata={"description": "Whether it is out of the way."})
    rank = fields.String(required=True, metadata={"description": _RANK})
    example = {
        **ThingSchema.example,
        "color": "teal",
        "archived": False,
        "rank": "p1769851800123456",
    }


class TrashedProjectSchema(ProjectSchema):
    """A project in the trash."""

    deleted_at = Moment(required=True, metadata={"description": "When it was deleted."})
    example = {**ProjectSchema.example, "deleted_at": "2026-02-01T08:00:00.654321Z"}


class ProjectQuerySchema(Schema):
    """Which projects."""

    archived = QueryFlag(metadata={"description": "Only those archived, or only the others."})


class SectionChangeSchema(Schema):
    """What to change of a section: absent members keep their value."""

    name = Text(rule=rules.name, metadata=_NAME)
    project_id = Identifier(
        metadata={"description": "The project that it is part of; its tasks go along."}
    )
    example = {"name": "This week"}


class SectionCreateSchema(Schema):
    """A section to be."""

    name = Text(rule=rules.name, required=True, metadata=_NAME)
    project_id = Identifier(
        required=True, metadata={"description": "The project that it is part of."}
    )
    example = {"name": "This week", "project_id": 1}


class SectionSchema(ThingSchema):
    """A section of a project: a heading in its list, a column of its board."""

    project_id = Identifier(
        required=True, metadata={"description": "The project that it is part of."}
    )
    rank = fields.String(required=True, metadata={"description": _RANK})
    example = {
        **ThingSchema.example,
        "name": "This week",
        "project_id": 1,
        "rank": "p1769851800123456",
    }


class SectionQuerySchema(Schema):
    """Which sections."""

    project = QueryId(metadata={"description": "Only those of a project, by its id."})


class OrderSchema(Schema):
    """Where something is to stand among its like."""

    after = Identifier(
        required=True,
        allow_none=True,
        metadata={"description": "What it comes right after; null to come first."},
    )
    example = {"after": None}


class LabelChangeSchema(Schema):
    """What to change of a label: absent members keep their value."""

    name = Text(rule=rules.name, metadata=_NAME)
    color = Text(rule=rules.RULES["color"], metadata=_COLOR)
    example = {"color": "violet"}


class LabelCreateSchema(LabelChangeSchema):
    """A label to be."""

    name = Text(rule=rules.name, required=True, metadata=_NAME)
    example = {"name": "errand", "color": "orange"}


class LabelSchema(ThingSchema):
    """A label."""

    color = fields.String(required=True, metadata=_COLOR)
    example = {**ThingSchema.example, "name": "errand", "color": "orange"}


class MergeSchema(Schema):
    """Which label takes the place of another."""

    into = Identifier(required=True, metadata={"description": "The label that stays."})
    example = {"into": 2}

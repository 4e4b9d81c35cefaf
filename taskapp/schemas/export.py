"""All of an account in one document, on the wire."""

from marshmallow import fields

from taskapp.schemas.base import Inner, Moment, Schema
from taskapp.schemas.history import EventSchema
from taskapp.schemas.projects import (
    LabelSchema,
    ProjectSchema,
    SectionSchema,
    TrashedProjectSchema,
)
from taskapp.schemas.tasks import TaskSchema, TrashedTaskSchema
from taskapp.schemas.users import UserSchema

FORMAT, VERSION = "taskapp-export", 1
ABOUT = (
    "All that taskapp has of one account at one moment. Things refer to one another by their id: a "
    "task to its project, its section, its labels and the task that it is below (parent_id). "
    "Instants are UTC; a day (_on) is one of the account's time zone. What is in the same place "
    "stands in the order of its rank, compared byte by byte. What happened last comes first."
)

# The lists, in their order, and what is in them.
LISTS: dict[str, type[Schema]] = {
    "projects": ProjectSchema,
    "sections": SectionSchema,
    "labels": LabelSchema,
    "tasks": TaskSchema,
    "trashed_projects": TrashedProjectSchema,
    "trashed_tasks": TrashedTaskSchema,
    "activity": EventSchema,
}


def _list(schema: type[Schema], meaning: str) -> fields.List[object]:
    return fields.List(Inner(schema), required=True, metadata={"description": meaning})


class ExportSchema(Schema):
    """All that somebody has."""

    format = fields.String(
        required=True, metadata={"enum": [FORMAT], "description": "What this document is."}
    )
    version = fields.Integer(
        required=True,
        metadata={"enum": [VERSION], "description": "Changes when members change their meaning."},
    )
    about = fields.String(required=True, metadata={"description": "How to read it."})
    exported_at = Moment(required=True, metadata={"description": "When."})
    account = Inner(
        UserSchema, required=True, metadata={"description": "Whose it is; without the password."}
    )
    projects = _list(ProjectSchema, "The projects in use, in their order.")
    sections = _list(SectionSchema, "The sections of all projects, those in the trash included.")
    labels = _list(LabelSchema, "The labels by name.")
    tasks = _list(TaskSchema, "The tasks in use, the oldest first.")
    trashed_projects = _list(TrashedProjectSchema, "The projects in the trash.")
    trashed_tasks = _list(TrashedTaskSchema, "The tasks in the trash.")
    activity = _list(EventSchema, "What happened, the last first, as far as it is kept.")
    example = {
        "format": FORMAT,
        "version": VERSION,
        "about": ABOUT,
        "exported_at": "2026-02-01T08:00:00.654321Z",
        "account": UserSchema.example,
        **{name: [schema.example] for name, schema in LISTS.items()},
    }

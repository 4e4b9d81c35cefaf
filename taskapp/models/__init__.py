"""The tables: columns, constraints and relationships, and nothing that acts."""

from taskapp.models.event import Event
from taskapp.models.idempotency_key import IdempotencyKey
from taskapp.models.label import Label, TaskLabel
from taskapp.models.login_session import LoginSession
from taskapp.models.project import Project, Section
from taskapp.models.task import Task
from taskapp.models.user import User

__all__ = [
    "Event",
    "IdempotencyKey",
    "Label",
    "LoginSession",
    "Project",
    "Section",
    "Task",
    "TaskLabel",
    "User",
]

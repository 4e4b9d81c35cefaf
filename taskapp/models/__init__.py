"""The tables: columns, constraints and relationships, and nothing that acts."""

from taskapp.models.task import Task
from taskapp.models.user import User

__all__ = ["Task", "User"]

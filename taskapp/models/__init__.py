"""The tables: columns, constraints and relationships, and nothing that acts."""

from taskapp.models.idempotency_key import IdempotencyKey
from taskapp.models.login_session import LoginSession
from taskapp.models.task import Task
from taskapp.models.user import User

__all__ = ["IdempotencyKey", "LoginSession", "Task", "User"]

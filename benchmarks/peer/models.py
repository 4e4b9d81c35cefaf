"""The tables of the specification, and what goes over the wire."""

from datetime import UTC, datetime

from pydantic import NaiveDatetime
from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel


def now() -> datetime:
    """This instant; the specification's columns have no time zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class User(SQLModel, table=True):
    """An account."""

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=255, unique=True, index=True)
    hashed_password: str = Field(max_length=255)
    is_active: bool = Field(default=True)
    created_at: NaiveDatetime = Field(default_factory=now)
    updated_at: NaiveDatetime = Field(default_factory=now)


class Credentials(SQLModel):
    """What signing up and logging in want."""

    email: str = Field(max_length=255)
    password: str = Field(min_length=8, max_length=72)


class UserPublic(SQLModel):
    """An account, as it is answered."""

    id: int
    email: str
    is_active: bool
    created_at: datetime


class Token(SQLModel):
    """What a login answers."""

    access_token: str
    token_type: str
    user: UserPublic


class TaskBase(SQLModel):
    """What a client says of a task."""

    title: str = Field(min_length=1, max_length=200)
    description: str | None = Field(default=None, sa_type=Text)


class Task(TaskBase, table=True):
    """A task. The last index is more than the specification asks for: it serves the list."""

    __table_args__ = (Index("ix_task_list", "user_id", "created_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    completed: bool = Field(default=False)
    created_at: NaiveDatetime = Field(default_factory=now)
    updated_at: NaiveDatetime = Field(default_factory=now)
    user_id: int = Field(foreign_key="user.id", index=True)


class TaskCreate(TaskBase):
    """A task to be."""


class TaskUpdate(SQLModel):
    """What to change of a task."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    description: str | None = None
    completed: bool | None = None


class TaskPublic(TaskBase):
    """A task, as it is answered."""

    id: int
    user_id: int
    completed: bool
    created_at: datetime
    updated_at: datetime

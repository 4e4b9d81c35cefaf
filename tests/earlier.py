"""The tables of the earlier system, by SQLModel, as its specification has them."""

from datetime import datetime

from pydantic import NaiveDatetime
from sqlalchemy import Column, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

BEGUN = datetime(2024, 2, 29, 23, 59, 59, 123_456)  # noqa: DTZ001 - the earlier system's were naive


class Earlier(SQLModel, registry=registry()):
    """The tables of the specification."""


class OldUser(Earlier, table=True):
    """An account of the earlier system."""

    __tablename__ = "user"
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=255, unique=True, index=True)
    hashed_password: str = Field(max_length=255)
    is_active: bool = Field(default=True)
    created_at: NaiveDatetime = Field(default=BEGUN)
    updated_at: NaiveDatetime = Field(default=BEGUN)


class OldTask(Earlier, table=True):
    """A task of the earlier system."""

    __tablename__ = "task"
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=200)
    description: str | None = Field(default=None, sa_column=Column(Text))
    completed: bool = Field(default=False)
    created_at: NaiveDatetime = Field(default=BEGUN)
    updated_at: NaiveDatetime = Field(default=BEGUN)
    user_id: int = Field(foreign_key="user.id", index=True)

"""A label, and which tasks bear it."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Model, database_now, now
from taskapp.domain.projects import NAME_MOST


class Label(Model):
    """A word that tasks bear. `key` is its name without regard to case, and unique for a person."""

    __tablename__ = "label"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_MOST))
    key: Mapped[str] = mapped_column(Text)
    color: Mapped[str] = mapped_column(String(16), default="grey", server_default="grey")
    version: Mapped[int] = mapped_column(BigInteger, default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(
        Instant, default=now, server_default=database_now()
    )
    updated_at: Mapped[datetime] = mapped_column(
        Instant, default=now, onupdate=now, server_default=database_now()
    )

    __table_args__ = (UniqueConstraint("user_id", "key"), {"sqlite_autoincrement": True})

    def __repr__(self) -> str:
        return f"<Label {self.id} of user {self.user_id}: {self.name!r}>"


class TaskLabel(Model):
    """That a task bears a label.

    It has copies of what a label's tasks are chosen and ordered by, so that one index tells which
    come next, however many others lie between them. The database keeps the copies what they are.
    """

    __tablename__ = "task_label"

    label_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("label.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    task_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    completed: Mapped[bool] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "completed", "created_at"],
            ["task.id", "task.completed", "task.created_at"],
            name="fk_task_label_task",
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        Index("ix_task_label_task_id", task_id),
        Index("ix_task_label_list_created_at", label_id, created_at, task_id),
        Index("ix_task_label_list_completed", label_id, completed, created_at, task_id),
    )

"""A task."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Key, Model, database_now, database_rank, now
from taskapp.domain.dates import UNDATED
from taskapp.domain.tasks import DEPTH_MOST, PRIORITIES, TITLE_MOST


class Priority(TypeDecorator[str]):
    """A name of PRIORITIES, kept as its number so that it sorts."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:
        """Number the name."""
        return None if value is None else PRIORITIES.index(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> str | None:
        """Name the number."""
        return None if value is None else PRIORITIES[value]


class Ids(TypeDecorator[list[int]]):
    """Ids in ascending order, kept as a text with commas between them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> str | None:
        """Join them."""
        return None if value is None else ",".join(map(str, sorted(value)))

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[int]:
        """Take them apart."""
        return list(map(int, value.split(","))) if value else []


# SQLite uses a partial index for conditions in the same words, and knows no booleans.
IN_USE = "deleted_at IS NULL"
OPEN = {"postgresql": f"{IN_USE} AND NOT completed", "sqlite": f"{IN_USE} AND completed = 0"}
DONE = {"postgresql": f"{IN_USE} AND completed", "sqlite": f"{IN_USE} AND completed = 1"}
TOP = f"{IN_USE} AND parent_id IS NULL"
INBOX = f"{TOP} AND project_id IS NULL"
NO_SECTION = f"{TOP} AND project_id IS NOT NULL AND section_id IS NULL"
SECTION = f"{IN_USE} AND section_id IS NOT NULL"


def _partial(name: str, where: str | dict[str, str], *columns: Any) -> Index:
    """An index of some of the tasks."""
    said = where if isinstance(where, dict) else {"postgresql": where, "sqlite": where}
    conditions: Any = {f"{dialect}_where": text(sql) for dialect, sql in said.items()}
    return Index(name, *columns, **conditions)


class Task(Model):
    """Something to do. `version` counts its changes; a writer names the one that it has seen.

    `agenda` follows from when it is due and its owner's time zone; the counts of subtasks, from
    these. `depth` is the database's own: a parent must lie above, so that no task can come to lie
    below itself.
    """

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(TITLE_MOST))
    description: Mapped[str | None] = mapped_column(Text)
    completed: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(BigInteger, default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(
        Instant, default=now, server_default=database_now()
    )
    updated_at: Mapped[datetime] = mapped_column(
        Instant, default=now, onupdate=now, server_default=database_now()
    )
    # When it was moved to the trash; a task in use has none.
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    # A task without a project is in the Inbox.
    project_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("project.id", ondelete="SET NULL")
    )
    section_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("section.id", ondelete="SET NULL")
    )
    parent_id: Mapped[int | None] = mapped_column(BigId)
    parent_depth: Mapped[int | None] = mapped_column(SmallInteger)
    depth: Mapped[int] = mapped_column(
        SmallInteger, Computed("coalesce(parent_depth + 1, 0)", persisted=True)
    )
    rank: Mapped[str] = mapped_column(Key, server_default=database_rank())
    priority: Mapped[str] = mapped_column(Priority, default="none", server_default="0")
    due_on: Mapped[date | None]
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    due_zone: Mapped[str | None] = mapped_column(String(64))
    start_on: Mapped[date | None]
    agenda: Mapped[str] = mapped_column(Key, default=UNDATED, server_default=UNDATED)
    subtasks_open: Mapped[int] = mapped_column(default=0, server_default="0")
    subtasks_done: Mapped[int] = mapped_column(default=0, server_default="0")
    # A copy of what TaskLabel says, so that a page of tasks need not look for each one's labels.
    labels: Mapped[list[int]] = mapped_column(Ids, server_default=text("''"))

    # Indexes for the lists leave out the trash, which has its own: that one holds all tasks and so
    # serves the deletion of an account too. Each is read from either end; the id breaks ties.
    __table_args__ = (
        UniqueConstraint("user_id", "id", "depth"),
        ForeignKeyConstraint(
            ["user_id", "parent_id", "parent_depth"],
            ["task.user_id", "task.id", "task.depth"],
            name="fk_task_parent",
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        CheckConstraint("(parent_id IS NULL) = (parent_depth IS NULL)", name="parent"),
        CheckConstraint(f"depth <= {DEPTH_MOST}", name="depth"),
        CheckConstraint("due_on IS NULL OR due_at IS NULL", name="due"),
        CheckConstraint("(due_at IS NULL) = (due_zone IS NULL)", name="due_zone"),
        _partial("ix_task_list_created_at", IN_USE, user_id, created_at, id),
        _partial("ix_task_list_completed", IN_USE, user_id, completed, created_at, id),
        _partial("ix_task_list_updated_at", IN_USE, user_id, updated_at, id),
        _partial("ix_task_list_title", IN_USE, user_id, func.lower(title), id),
        # By hand: of a person's top tasks each is in one of these. They are three, since PostgreSQL
        # does not see that rows are in order behind a column that IS NULL for all of them.
        _partial("ix_task_list_inbox", INBOX, user_id, completed, rank, id),
        _partial("ix_task_list_project", NO_SECTION, user_id, project_id, completed, rank, id),
        _partial("ix_task_list_section", SECTION, user_id, section_id, completed, rank, id),
        _partial("ix_task_list_agenda", OPEN, user_id, agenda, id),
        _partial(
            "ix_task_list_completed_at", DONE, user_id, func.coalesce(completed_at, created_at), id
        ),
        Index("ix_task_user_id_deleted_at_id", user_id, deleted_at, id),
        # What TaskLabel copies; its foreign key needs them to be unique together.
        Index("ix_task_copied", id, completed, created_at, unique=True),
        _partial("ix_task_parent", "parent_id IS NOT NULL", parent_id, rank, id),
        _partial("ix_task_project_id", "project_id IS NOT NULL", project_id),
        _partial("ix_task_section_id", "section_id IS NOT NULL", section_id),
        {"sqlite_autoincrement": True},
    )

    def __repr__(self) -> str:
        return f"<Task {self.id} of user {self.user_id}: {self.title!r}>"

"""A task."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, false, func
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Model, database_now, now
from taskapp.domain.tasks import TITLE_MOST


def _list_index(name: str, deleted_at: Any, *columns: Any) -> Index:
    """An index without the tasks in the trash."""
    in_use = deleted_at.is_(None)
    return Index(name, *columns, postgresql_where=in_use, sqlite_where=in_use)


class Task(Model):
    """Something to do. `version` counts its changes; a writer names the one that it has seen."""

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(TITLE_MOST))
    description: Mapped[str | None] = mapped_column(Text)
    completed: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    created_at: Mapped[datetime] = mapped_column(
        Instant, default=now, server_default=database_now()
    )
    updated_at: Mapped[datetime] = mapped_column(
        Instant, default=now, onupdate=now, server_default=database_now()
    )
    # When it was moved to the trash; a task in use has none.
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)

    __mapper_args__ = {"version_id_col": version}
    # An index for each order of a person's list, read from either end; the id breaks ties. The
    # trash has its own, which holds all tasks and so serves the deletion of an account too.
    __table_args__ = (
        _list_index("ix_task_list_created_at", deleted_at, user_id, created_at, id),
        _list_index("ix_task_list_completed", deleted_at, user_id, completed, created_at, id),
        _list_index("ix_task_list_updated_at", deleted_at, user_id, updated_at, id),
        _list_index("ix_task_list_title", deleted_at, user_id, func.lower(title), id),
        Index("ix_task_user_id_deleted_at_id", user_id, deleted_at, id),
        {"sqlite_autoincrement": True},
    )

    def __repr__(self) -> str:
        return f"<Task {self.id} of user {self.user_id}: {self.title!r}>"

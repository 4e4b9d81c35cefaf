"""A task."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, false, func
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Model, database_now, now
from taskapp.domain.tasks import TITLE_MOST


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

    __mapper_args__ = {"version_id_col": version}
    # An index for each order of a person's list, read from either end; the id breaks ties.
    __table_args__ = (
        Index("ix_task_user_id_created_at_id", user_id, created_at, id),
        Index("ix_task_user_id_completed_created_at_id", user_id, completed, created_at, id),
        Index("ix_task_user_id_updated_at_id", user_id, updated_at, id),
        Index("ix_task_user_id_lower_title_id", user_id, func.lower(title), id),
        {"sqlite_autoincrement": True},
    )

    def __repr__(self) -> str:
        return f"<Task {self.id} of user {self.user_id}: {self.title!r}>"

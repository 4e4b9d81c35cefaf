"""A project, and a section of one."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Key, Model, database_now, database_rank, now
from taskapp.domain.projects import NAME_MOST


class Project(Model):
    """A list of tasks that belong together. One that is archived is out of the way, and kept."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_MOST))
    color: Mapped[str] = mapped_column(String(16), default="grey", server_default="grey")
    rank: Mapped[str] = mapped_column(Key, server_default=database_rank())
    archived: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(BigInteger, default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(
        Instant, default=now, server_default=database_now()
    )
    updated_at: Mapped[datetime] = mapped_column(
        Instant, default=now, onupdate=now, server_default=database_now()
    )
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_project_user_id_rank_id", user_id, rank, id),
        {"sqlite_autoincrement": True},
    )

    def __repr__(self) -> str:
        return f"<Project {self.id} of user {self.user_id}: {self.name!r}>"


class Section(Model):
    """A part of a project: a heading in its list, a column of its board."""

    __tablename__ = "section"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id", ondelete="CASCADE"))
    project_id: Mapped[int] = mapped_column(BigId, ForeignKey("project.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_MOST))
    rank: Mapped[str] = mapped_column(Key, server_default=database_rank())
    version: Mapped[int] = mapped_column(BigInteger, default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(
        Instant, default=now, server_default=database_now()
    )
    updated_at: Mapped[datetime] = mapped_column(
        Instant, default=now, onupdate=now, server_default=database_now()
    )

    __table_args__ = (
        Index("ix_section_user_id_project_id_rank_id", user_id, project_id, rank, id),
        Index("ix_section_project_id", project_id),
        {"sqlite_autoincrement": True},
    )

    def __repr__(self) -> str:
        return f"<Section {self.id} of project {self.project_id}: {self.name!r}>"

"""add task.deleted_at, and lists without what is in the trash"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_task_trash"
down_revision = "2026_11_22_user_task"

TITLE = sa.text("lower(title)")
FORMER = {
    "ix_task_user_id_created_at_id": ["user_id", "created_at", "id"],
    "ix_task_user_id_completed_created_at_id": ["user_id", "completed", "created_at", "id"],
    "ix_task_user_id_updated_at_id": ["user_id", "updated_at", "id"],
    "ix_task_user_id_lower_title_id": ["user_id", TITLE, "id"],
}
LISTS = {
    "ix_task_list_created_at": ["user_id", "created_at", "id"],
    "ix_task_list_completed": ["user_id", "completed", "created_at", "id"],
    "ix_task_list_updated_at": ["user_id", "updated_at", "id"],
    "ix_task_list_title": ["user_id", TITLE, "id"],
}
TRASH = "ix_task_user_id_deleted_at_id"
IN_USE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.add_column("task", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    for name, columns in LISTS.items():
        op.create_index(name, "task", columns, postgresql_where=IN_USE, sqlite_where=IN_USE)
    op.create_index(TRASH, "task", ["user_id", "deleted_at", "id"])
    for name in FORMER:
        op.drop_index(name, "task")


def downgrade() -> None:
    # The former release knows no trash: what is in it would come back as tasks in use.
    op.execute("DELETE FROM task WHERE deleted_at IS NOT NULL")
    for name, columns in FORMER.items():
        op.create_index(name, "task", columns)
    for name in (TRASH, *LISTS):
        op.drop_index(name, "task")
    op.drop_column("task", "deleted_at")

"""add labels to task, copied from task_label

No release has been made in which tasks bore labels, so that nobody writes one without the other.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_labels_of_tasks"
down_revision = "2026_11_22_label_lists"

JOINED = {"postgresql": "string_agg(label_id::text, ',')", "sqlite": "group_concat(label_id)"}


def upgrade() -> None:
    op.add_column(
        "task", sa.Column("labels", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    joined = JOINED[op.get_bind().dialect.name]
    op.execute(
        f"UPDATE task SET labels = (SELECT {joined} FROM "  # noqa: S608 - our text
        "(SELECT label_id FROM task_label WHERE task_id = task.id ORDER BY label_id) AS borne) "
        "WHERE id IN (SELECT task_id FROM task_label)"
    )


def downgrade() -> None:
    op.drop_column("task", "labels")

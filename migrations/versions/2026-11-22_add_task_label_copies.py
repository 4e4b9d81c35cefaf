"""add completed and created_at to task_label, copied from task

No release has been made in which task_label lacked them, so that nobody is left who writes it so;
from the next one on such a column has to be one that may be null.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_label_lists"
down_revision = "2026_11_22_organising"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

COPIED = ("ix_task_copied", ["id", "completed", "created_at"])
TASK_ID = ("ix_task_label_task_id", ["task_id"])
LISTS = {
    "ix_task_label_list_created_at": ["label_id", "created_at", "task_id"],
    "ix_task_label_list_completed": ["label_id", "completed", "created_at", "task_id"],
}
LABEL = {
    "columns": ["label_id"],
    "refcolumns": ["label.id"],
    "name": "fk_task_label_label_id_label",
    "ondelete": "CASCADE",
}
FORMER = {
    "columns": ["task_id"],
    "refcolumns": ["task.id"],
    "name": "fk_task_label_task_id_task",
    "ondelete": "CASCADE",
}
COPYING = {
    "columns": ["task_id", "completed", "created_at"],
    "refcolumns": ["task.id", "task.completed", "task.created_at"],
    "name": "fk_task_label_task",
    "ondelete": "CASCADE",
    "onupdate": "CASCADE",
}


def on_sqlite():
    return op.get_bind().dialect.name == "sqlite"


def lock():
    """Take the locks in the order in which requests do, before there is anything to wait with."""
    if not on_sqlite():
        op.execute("LOCK TABLE task, task_label IN ACCESS EXCLUSIVE MODE")


def copies():
    return [
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    ]


def rebuild(*more, constraints, values=()):
    """Make the table anew, since SQLite cannot alter it so; the rows stay what they are."""
    op.drop_index(TASK_ID[0], "task_label")
    op.create_table(
        "task_label_new",
        sa.Column("label_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("task_id", BIG_ID, autoincrement=False, nullable=False),
        *more,
        sa.PrimaryKeyConstraint("label_id", "task_id", name="pk_task_label"),
        *constraints,
    )
    taken = ", ".join(["label_id", "task_id", *values])
    op.execute(
        f"INSERT INTO task_label_new SELECT {taken} "  # noqa: S608 - our names
        "FROM task_label JOIN task ON task.id = task_id"
    )
    op.drop_table("task_label")
    op.rename_table("task_label_new", "task_label")
    op.create_index(TASK_ID[0], "task_label", TASK_ID[1])


def refer(former, now):
    """Let PostgreSQL look at all rows once, when the new reference is there."""
    op.drop_constraint(former["name"], "task_label")
    columns = [each.removeprefix("task.") for each in now["refcolumns"]]
    cascades = {k: now[k] for k in ("ondelete", "onupdate") if k in now}
    op.create_foreign_key(now["name"], "task_label", "task", now["columns"], columns, **cascades)


def alter():
    for column in copies():
        column.nullable = True
        op.add_column("task_label", column)
    op.execute(
        "UPDATE task_label SET completed = task.completed, created_at = task.created_at "
        "FROM task WHERE task.id = task_id"
    )
    for column in copies():
        op.alter_column("task_label", column.name, nullable=False)
    refer(FORMER, COPYING)


def upgrade() -> None:
    lock()
    op.create_index(COPIED[0], "task", COPIED[1], unique=True)
    if on_sqlite():
        references = [sa.ForeignKeyConstraint(**each) for each in (COPYING, LABEL)]
        rebuild(*copies(), constraints=references, values=["completed", "created_at"])
    else:
        alter()
    for name, columns in LISTS.items():
        op.create_index(name, "task_label", columns)


def downgrade() -> None:
    lock()
    for name in LISTS:
        op.drop_index(name, "task_label")
    if on_sqlite():
        rebuild(constraints=[sa.ForeignKeyConstraint(**each) for each in (LABEL, FORMER)])
    else:
        refer(COPYING, FORMER)
        for column in reversed(copies()):
            op.drop_column("task_label", column.name)
    op.drop_index(COPIED[0], "task")

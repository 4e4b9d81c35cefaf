"""create user and task"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_user_task"
down_revision = None

# SQLite counts rows in 64 bits too, but only a column declared INTEGER is its row id.
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # SQLite's CURRENT_TIMESTAMP leaves out the fraction, and would sort apart, being text.
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))") if on_sqlite else sa.func.now()
    op.create_table(
        "user",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("hashed_password", sa.String(255), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", INSTANT, server_default=now, nullable=False),
        sa.Column("updated_at", INSTANT, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("email", name="uq_user_email"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "task",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("completed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", INSTANT, server_default=now, nullable=False),
        sa.Column("updated_at", INSTANT, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_task_user_id_user", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    for columns in (
        ["created_at"],
        ["completed", "created_at"],
        ["updated_at"],
    ):
        name = "_".join(["ix_task_user_id", *columns, "id"])
        op.create_index(name, "task", ["user_id", *columns, "id"])
    op.create_index(
        "ix_task_user_id_lower_title_id", "task", ["user_id", sa.text("lower(title)"), "id"]
    )


def downgrade() -> None:
    op.drop_table("task")
    op.drop_table("user")

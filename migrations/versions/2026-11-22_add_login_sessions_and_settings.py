"""add login_session, and what a person may choose"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_login_sessions"
down_revision = "2026_11_22_task_trash"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def settings() -> list[sa.Column]:
    return [
        sa.Column("credentials_changed_at", INSTANT, nullable=True),
        sa.Column("time_zone", sa.String(64), server_default="UTC", nullable=False),
        sa.Column("theme", sa.String(16), server_default="system", nullable=False),
        sa.Column("density", sa.String(16), server_default="comfortable", nullable=False),
        sa.Column("shortcuts", sa.Boolean(), server_default=sa.true(), nullable=False),
    ]


def upgrade() -> None:
    # SQLite's CURRENT_TIMESTAMP leaves out the fraction, and would sort apart, being text.
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    now = sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))") if on_sqlite else sa.func.now()
    op.create_table(
        "login_session",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, server_default=now, nullable=False),
        sa.Column("seen_at", INSTANT, server_default=now, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_session"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_login_session_user_id_user", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_login_session_user_id", "login_session", ["user_id"])
    for column in settings():
        op.add_column("user", column)


def downgrade() -> None:
    for column in reversed(settings()):
        op.drop_column("user", column.name)
    op.drop_table("login_session")

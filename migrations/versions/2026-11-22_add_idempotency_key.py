"""add idempotency_key"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_idempotency"
down_revision = "2026_11_22_login_sessions"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PUBLIC = sa.text("user_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_idempotency_key"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_idempotency_key_user_id_user", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("user_id", "key", name="uq_idempotency_key_user_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_idempotency_key_public",
        "idempotency_key",
        ["key"],
        unique=True,
        postgresql_where=PUBLIC,
        sqlite_where=PUBLIC,
    )
    op.create_index(
        "ix_idempotency_key_user_id_expires_at", "idempotency_key", ["user_id", "expires_at"]
    )


def downgrade() -> None:
    op.drop_table("idempotency_key")

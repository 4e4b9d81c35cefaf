"""A key under which a request was sent, and what it was answered."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Model

KEY_MOST = 255


class IdempotencyKey(Model):
    """The claim of one attempt at a request; once that has succeeded, its answer.

    Whoever takes over a key removes the row and makes another, and no id is given twice: an
    attempt that finds its row still holds the key.
    """

    __tablename__ = "idempotency_key"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # None for those who have no account yet.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(KEY_MOST))
    # Stands for what was sent.
    fingerprint: Mapped[str] = mapped_column(String(64))
    # From then on this is as if it were not there.
    expires_at: Mapped[datetime] = mapped_column(Instant)
    # There is no answer while the attempt is under way.
    status: Mapped[int | None] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint(user_id, key),
        # The constraint above lets NULL be there many times.
        Index(
            "ix_idempotency_key_public",
            key,
            unique=True,
            postgresql_where=user_id.is_(None),
            sqlite_where=user_id.is_(None),
        ),
        Index("ix_idempotency_key_user_id_expires_at", user_id, expires_at),
        {"sqlite_autoincrement": True},
    )

    def __repr__(self) -> str:
        return f"<IdempotencyKey {self.id} of user {self.user_id}>"

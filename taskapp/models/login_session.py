"""A browser that is logged in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Model, database_now, now

CLIENT_MOST = 200


class LoginSession(Model):
    """One login in one browser. Whoever holds its id, signed, is that user until it ends."""

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id", ondelete="CASCADE"))
    # What the browser says it is.
    client: Mapped[str] = mapped_column(String(CLIENT_MOST))
    created_at: Mapped[datetime] = mapped_column(
        Instant, default=now, server_default=database_now()
    )
    seen_at: Mapped[datetime] = mapped_column(Instant, default=now, server_default=database_now())
    expires_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_login_session_user_id", user_id),
        {"sqlite_autoincrement": True},
    )

    def __repr__(self) -> str:
        return f"<LoginSession {self.id} of user {self.user_id}>"

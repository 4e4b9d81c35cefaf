"""An account."""

from datetime import datetime

from sqlalchemy import BigInteger, String, true
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Model, database_now, now
from taskapp.domain.emails import EMAIL_MOST


class User(Model):
    """A person who can log in. The e-mail address is stored normalised, hence unique."""

    __tablename__ = "user"
    # An id is never given twice: an old token must not open a new account.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_MOST), unique=True)
    hashed_password: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(
        Instant, default=now, server_default=database_now()
    )
    updated_at: Mapped[datetime] = mapped_column(
        Instant, default=now, onupdate=now, server_default=database_now()
    )
    # Tokens given out before are refused; none have been changed for an account without it.
    credentials_changed_at: Mapped[datetime | None] = mapped_column(Instant)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    theme: Mapped[str] = mapped_column(String(16), default="system", server_default="system")
    density: Mapped[str] = mapped_column(
        String(16), default="comfortable", server_default="comfortable"
    )
    shortcuts: Mapped[bool] = mapped_column(default=True, server_default=true())
    # Up to which event their history is no longer kept.
    history_from: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    def __repr__(self) -> str:
        return f"<User {self.id} {self.email}>"

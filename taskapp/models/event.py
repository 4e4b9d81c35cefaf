"""An event: that something changed, what it was, and what it became."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.db import BigId, Instant, Model, database_now, now


class Event(Model):
    """One change of one thing. Those of one account come in the order of their ids.

    What is done at once is one act, named by the id of its first event, which the others bear.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id", ondelete="CASCADE"))
    # Who did it, and through which door.
    actor_id: Mapped[int] = mapped_column(BigInteger)
    through: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(Instant, default=now, server_default=database_now())
    # None is the first event's own id.
    first_id: Mapped[int | None] = mapped_column(BigInteger)
    # The act that this one takes back.
    undoes: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    thing_id: Mapped[int] = mapped_column(BigInteger)
    verb: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    after: Mapped[dict[str, Any]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))

    __table_args__ = (
        Index("ix_event_user_id_id", user_id, id),
        Index("ix_event_thing", user_id, kind, thing_id, id),
        Index(
            "ix_event_first_id",
            first_id,
            postgresql_where=text("first_id IS NOT NULL"),
            sqlite_where=text("first_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    def __repr__(self) -> str:
        return f"<Event {self.id}: {self.kind} {self.thing_id} {self.verb}>"

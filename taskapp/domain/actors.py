"""Who acts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

# The door through which somebody acts.
Door = Literal["web", "api", "cli"]


@dataclass
class Standing:
    """What is known of an account's right to act; of a token, it begins with when it was issued."""

    issued_at: datetime | None = None
    is_sure: bool = True


@dataclass(frozen=True)
class Actor:
    """The account in whose name a use-case runs.

    Whoever makes one has checked that it may, or leaves `standing.is_sure` False: then the first
    statement that is sent in its name asks for that too (services/standing.py).
    """

    id: int
    # The browser session through which they act, if it is one.
    session_id: int | None = None
    through: Door = "cli"
    # The acts that were done in their name, the newest last: what can be undone.
    acts: list[int] = field(default_factory=list, compare=False)
    standing: Standing = field(default_factory=Standing, compare=False)

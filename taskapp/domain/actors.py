"""Who acts."""

from dataclasses import dataclass, field
from typing import Literal

# The door through which somebody acts.
Door = Literal["web", "api", "cli"]


@dataclass(frozen=True)
class Actor:
    """The account in whose name a use-case runs; whoever makes one has checked that it may."""

    id: int
    # The browser session through which they act, if it is one.
    session_id: int | None = None
    through: Door = "cli"
    # The acts that were done in their name, the newest last: what can be undone.
    acts: list[int] = field(default_factory=list, compare=False)

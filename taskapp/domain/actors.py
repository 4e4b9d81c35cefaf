"""Who acts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The account in whose name a use-case runs; whoever makes one has checked that it may."""

    id: int
    # The browser session through which they act, if it is one.
    session_id: int | None = None

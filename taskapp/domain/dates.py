"""Days: when something is due in somebody's own time.

A task is due on a day, or at an instant; `agenda` puts both into one order, that of their owner's
calendar.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from taskapp.domain.errors import Fault, RuleViolation
from taskapp.domain.rules import Refused, Rule
from taskapp.domain.settings import time_zone

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)

# Where tasks without a date stand in the order of the agenda: after every day.
UNDATED = "~"
# ISO 8601 calls the end of a day so; it comes after all its minutes.
_ANY_TIME = "24:00"


def day(value: date | None) -> date | None:
    """A day that calendars know, from 1900 to 2999."""
    if value is not None and not EARLIEST <= value <= LATEST:
        raise Refused("range", f"Must be from {EARLIEST} to {LATEST}.")
    return value


def instant(value: datetime | None) -> datetime | None:
    """An instant from 1900 to 2999, to the minute, in UTC."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise Refused("type", "Must say its offset from UTC: 2026-01-31T09:30:00Z.")
    try:
        moment = value.astimezone(UTC)
        day(moment.date())
    except OverflowError:
        raise Refused("range", f"Must be from {EARLIEST} to {LATEST}.") from None
    return moment.replace(second=0, microsecond=0)


def zone(name: str | None) -> str | None:
    """The time zone in which an instant is meant."""
    return None if name is None else time_zone(name)


RULES: dict[str, Rule] = {
    "due_on": day,
    "due_at": instant,
    "due_zone": zone,
    "start_on": day,
}
DUE = ("due_on", "due_at", "due_zone")


def today(zone_name: str, moment: datetime) -> date:
    """Which day it is in a time zone."""
    return moment.astimezone(ZoneInfo(zone_name)).date()


def due(given: Mapping[str, Any], now: Mapping[str, Any], zone_name: str) -> dict[str, Any]:
    """When a task is due after a change, as all three of `due_on`, `due_at` and `due_zone`.

    A day takes the place of an instant and the reverse; an instant is meant in its owner's zone
    unless another is named, and again when the zone is given as None. Raise RuleViolation for both
    at once, or for a zone without an instant.
    """
    if not given.keys() & set(DUE):
        return {}
    if given.get("due_on") and given.get("due_at"):
        message = "Is due on a day or at an instant; send one of the two."
        raise RuleViolation(Fault("due_at", "either", message))
    if given.get("due_on"):
        at = None
    elif "due_at" in given:
        at = given["due_at"]
    else:
        at = now["due_at"]
    on = given.get("due_on", now["due_on"]) if at is None else None
    named = given.get("due_zone")
    if named and at is None:
        raise RuleViolation(Fault("due_zone", "alone", "Needs an instant beside it: due_at."))
    kept = None if "due_zone" in given else now["due_zone"]
    place = (named or kept or zone_name) if at else None
    return {"due_on": on, "due_at": at, "due_zone": place}


def agenda(due_on: date | None, due_at: datetime | None, zone_name: str) -> str:
    """Where a task stands in its owner's calendar: their local day and minute, as a text to sort.

    What is due at any time of a day comes after the instants of that day.
    """
    if due_at is not None:
        return f"{due_at.astimezone(ZoneInfo(zone_name)).replace(tzinfo=None).isoformat()[:16]}"
    return f"{due_on.isoformat()}T{_ANY_TIME}" if due_on else UNDATED


def agenda_from(first: date) -> str:
    """Where a day begins in the order of the agenda."""
    return first.isoformat()


def agenda_after(last: date) -> str:
    """Where the day after begins in the order of the agenda."""
    return (last + timedelta(days=1)).isoformat()


def day_of(place: str) -> date | None:
    """The day of a place in the agenda; None for what has no date."""
    return None if place == UNDATED else date.fromisoformat(place[:10])

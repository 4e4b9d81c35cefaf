"""What happened in the account, the last first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import Response

from taskapp.auth.identity import Browser, current_browser
from taskapp.db import AnyRow
from taskapp.db import now as this_moment
from taskapp.services import history, names
from taskapp.web import paged
from taskapp.web.blueprint import bp, page
from taskapp.web.lists import PAGE_SIZE
from taskapp.web.story import Names, sentence

DOORS = {"web": "on a page", "api": "through the API", "cli": "by the command line"}
# More of one act are folded away.
TOLD_MOST = 3


@dataclass(frozen=True)
class Deed:
    """An act as it is told: when, through which door, and what."""

    id: int
    at: datetime
    through: str
    is_undo: bool
    told: list[str]
    folded: list[str]


@bp.get("/activity")
def list_activity() -> Response:
    """Show what happened, by days."""
    browser = current_browser()
    scope = [browser.actor.id, "activity"]
    found = history.activity(browser.actor, limit=PAGE_SIZE, after=paged.place(*scope))
    zone_name = browser.account.time_zone
    deeds = _deeds(found.rows, names.of(browser.actor, found.rows), zone_name)
    zone = ZoneInfo(zone_name)
    days = [
        (_called(day, this_moment().astimezone(zone).date()), list(some))
        for day, some in groupby(deeds, lambda deed: deed.at.astimezone(zone).date())
    ]
    more = paged.more(found, scope, "web.list_activity")
    return page("web/activity.html", days=days, more=more)


def tell_last(browser: Browser) -> str:
    """What has just been done, in a sentence; of an act that changed several things, the last."""
    [event] = history.activity(browser.actor, limit=1).rows
    return sentence(event, names.of(browser.actor, [event]), browser.account.time_zone)


def _deeds(events: Iterable[AnyRow], names: Names, zone_name: str) -> list[Deed]:
    """The acts of events, which come the last first; the first of an act says what it was."""
    deeds = []
    for act_id, some in groupby(events, lambda event: event.act):
        together = list(some)
        told = [sentence(event, names, zone_name) for event in together]
        last = together[0]
        most = len(told) if len(told) == TOLD_MOST + 1 else TOLD_MOST
        deeds.append(
            Deed(
                act_id,
                last.at,
                DOORS.get(last.through, last.through),
                any(event.undoes for event in together),
                told[:most],
                told[most:],
            )
        )
    return deeds


def _called(day: date, today: date) -> str:
    """A day as a heading: "Today", "Yesterday", "Friday, 20 November"."""
    ago = (today - day).days
    if ago in (0, 1):
        return ("Today", "Yesterday")[ago]
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%A}, {day.day} {day:%B}{year}"

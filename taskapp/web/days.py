"""Days and times as people say them: Today, Tomorrow, Wed, 25 Nov 09:30."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from taskapp.auth.identity import current_browser
from taskapp.db import now
from taskapp.domain import dates

WEEK = 7


class Due(NamedTuple):
    """When a task is due, in words; `state` is "overdue", "today", "soon" or "later"."""

    words: str
    state: str


def zone() -> ZoneInfo:
    """The time zone of the one who is logged in."""
    return ZoneInfo(current_browser().account.time_zone)


def today() -> date:
    """Which day it is for the one who is logged in."""
    return dates.today(current_browser().account.time_zone, now())


def say(day: date, today_: date) -> str:
    """A day in short: Yesterday, Today, Tomorrow, Wed in the week to come, 25 Nov, 25 Nov 2027."""
    near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}
    distance = (day - today_).days
    if distance in near:
        return near[distance]
    if 0 < distance < WEEK:
        return f"{day:%a}"
    return f"{day.day} {day:%b}" + ("" if day.year == today_.year else f" {day.year}")


def heading(day: date, today_: date) -> str:
    """A day above what belongs to it: Today, Tomorrow, Wed 25 Nov."""
    if abs((day - today_).days) <= 1:
        return say(day, today_)
    return f"{day:%a} {day.day} {day:%b}" + ("" if day.year == today_.year else f" {day.year}")


def day_of(task: Any) -> date:
    """The day of a task's place in the agenda of its owner; raise ValueError for no date."""
    return date.fromisoformat(task.agenda[:10])


def due(task: Any) -> Due | None:
    """When a task is due, for the one who is logged in; None for what has no date."""
    if task.due_at is None and task.due_on is None:
        return None
    here = task.due_at.astimezone(zone()) if task.due_at else None
    day, today_ = here.date() if here else task.due_on, today()
    words = say(day, today_) + (f" {here:%H:%M}" if here else "")
    is_past = task.due_at < now() if task.due_at else day < today_
    if is_past and not task.completed:
        return Due(words, "overdue")
    soon = today_ + timedelta(days=1)
    return Due(words, "today" if day == today_ else "soon" if day == soon else "later")


def recently(moment: datetime) -> str:
    """An instant of the past as one speaks of it: today 10:30, yesterday 10:30, 31 Jan 10:30."""
    here = moment.astimezone(zone())
    said = say(here.date(), today())
    return f"{said.lower() if said in ('Today', 'Yesterday') else said} {here:%H:%M}"

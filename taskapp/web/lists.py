"""What a list's address says: which tasks, in which order, how they are grouped.

Every list is a View of a Place: /tasks, /inbox, /today, ... A Place says what is in it and what of
it can be chosen; a View says what was chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal, Self
from urllib.parse import urlencode

from taskapp.domain.tasks import PRIORITIES, WORDS_MOST
from taskapp.rest import read_id
from taskapp.services.filters import Filter
from taskapp.web import days
from taskapp.web.addresses import url_for
from taskapp.web.blueprint import overview

SHOWN = {"open": False, "done": True, "all": None}
SORTS = {
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "-updated_at": "Last changed first",
    "title": "By title",
    "due": "By due date",
}
PAGE_SIZE = 50
CHOICES = ("project", "label", "priority", "due")


@dataclass(frozen=True)
class Place:
    """A list with an address of its own."""

    endpoint: str
    headings: Mapping[str, str]
    sorts: Mapping[str, str]
    # By what it can be narrowed down, besides words.
    choices: tuple[str, ...] = CHOICES
    # Whether one chooses between open and done.
    tabs: bool = True
    # By which day its rows are grouped.
    groups: Literal["due", "completed"] | None = None
    adding: str = "What needs doing?"


def _same(heading: str) -> dict[str, str]:
    return dict.fromkeys(SHOWN, heading)


# The first of the orders is the one that need not be said.
BY_HAND = {"rank": "By hand", **SORTS}
PLACES = {
    "tasks": Place(
        "web.list_tasks", {"open": "Open tasks", "done": "Done", "all": "All tasks"}, SORTS
    ),
    "inbox": Place("web.show_inbox", _same("Inbox"), BY_HAND, ("label", "priority", "due")),
    "today": Place(
        "web.show_today",
        _same("Today"),
        {"due": "By due date"},
        ("project", "label", "priority"),
        tabs=False,
        groups="due",
        adding="What is to be done today?",
    ),
    "upcoming": Place(
        "web.show_upcoming",
        _same("Upcoming"),
        {"due": "By due date"},
        ("project", "label", "priority"),
        tabs=False,
        groups="due",
        adding="What is to be done tomorrow?",
    ),
    "completed": Place(
        "web.show_completed",
        _same("Completed"),
        {"-completed_at": "Last completed first"},
        ("project", "label", "priority"),
        tabs=False,
        groups="completed",
    ),
    "label": Place("web.show_label", _same("Label"), SORTS, ("project", "priority", "due")),
}


@dataclass(frozen=True)
class Group:
    """Rows under one heading."""

    key: str
    heading: str
    rows: Sequence[Any]


@dataclass(frozen=True)
class View:
    """The tasks that somebody looks at. What an address says wrongly is as if it were not said."""

    place: str = "tasks"
    # Which one, if there are several of the kind.
    number: int = 0
    show: str = "open"
    q: str = ""
    sort: str = "-created_at"
    project: str = ""
    label: str = ""
    priority: str = ""
    due_from: str = ""
    due_to: str = ""

    @classmethod
    def said_by(cls, args: Mapping[str, str], place: str | None = None, number: int = 0) -> Self:
        """Read an address, or the fields of a form, which say the place as well."""
        if place is None:
            said, _, digits = args.get("list", "").partition("-")
            place, number = said, read_id(digits)
            if place not in PLACES or (place == "label" and number not in overview().labels):
                place, number = "tasks", 0
        at = PLACES[place]
        show, sort = args.get("show", ""), args.get("sort", "")
        return cls(
            place=place,
            number=number,
            show=show if show in SHOWN and at.tabs else cls._show(place),
            q=args.get("q", "").replace("\0", "").strip()[:WORDS_MOST],
            sort=sort if sort in at.sorts else next(iter(at.sorts)),
            **_chosen(at, args),
        )

    @staticmethod
    def _show(place: str) -> str:
        return "done" if place == "completed" else "open"

    @property
    def at(self) -> Place:
        """Its place."""
        return PLACES[self.place]

    @property
    def heading(self) -> str:
        """What it is called."""
        if self.place == "label":
            name: str = overview().labels[self.number].name
            return name
        return self.at.headings[self.show]

    @property
    def filter(self) -> Filter:
        """Which tasks these are."""
        chosen = Filter(
            completed=SHOWN[self.show],
            q=self.q,
            project="inbox" if self.project == "inbox" else read_id(self.project) or None,
            label=read_id(self.label) or None,
            priority=self.priority or None,
            due_from=_day(self.due_from),
            due_to=_day(self.due_to),
        )
        return _within(chosen, self)

    @property
    def chosen(self) -> dict[str, str]:
        """By what it is narrowed down, words left out."""
        names = ("project", "label", "priority", "due_from", "due_to")
        return {name: value for name in names if (value := getattr(self, name))}

    @property
    def is_by_hand(self) -> bool:
        """Whether it shows all the open tasks of a place in their order by hand, to be moved."""
        whole = self.show == "open" and not self.q and not self.chosen
        return self.place == "inbox" and self.sort == "rank" and whole

    @property
    def for_new(self) -> dict[str, Any]:
        """What a task is given that is added here."""
        labels = [self.number] if self.place == "label" else []
        given: dict[str, Any] = {"labels": labels + ([int(self.label)] if self.label else [])}
        if self.project.isdecimal():
            given["project_id"] = int(self.project)
        if self.priority:
            given["priority"] = self.priority
        if self.place in ("today", "upcoming"):
            given["due_on"] = days.today() + timedelta(days=self.place == "upcoming")
        return given

    def fields(self) -> dict[str, str]:
        """What has to be said, since it is not so anyway."""
        plain = vars(_unsaid(self.place, self.number))
        return {name: value for name, value in vars(self).items() if value != plain[name]}

    def hidden(self) -> dict[str, str]:
        """The same for a form, which says its place as well."""
        place = f"{self.place}-{self.number}" if self.number else self.place
        return ({} if place == "tasks" else {"list": place}) | self.fields()

    def but(self, **changes: Any) -> "View":
        """A view that differs in this."""
        return replace(self, **changes)

    def plain(self) -> "View":
        """The same without what it is narrowed down by."""
        return View.said_by({"show": self.show, "sort": self.sort}, self.place, self.number)

    @property
    def path(self) -> str:
        """The address of its place."""
        return url_for(self.at.endpoint, label_id=self.number or None)

    def url(self, **more: str) -> str:
        """Its address."""
        query = self.fields() | more
        return f"{self.path}?{urlencode(query)}" if query else self.path

    def groups(self, rows: Sequence[Any]) -> list[Group]:
        """Its rows, under headings if it has any."""
        if self.at.groups is None:
            return [Group("", "", rows)] if rows else []
        return list(_by_day(rows, self.at.groups == "due"))


@lru_cache(maxsize=256)
def _unsaid(place: str, number: int) -> View:
    """A place as it is seen when nothing is said."""
    return View.said_by({}, place, number)


def _chosen(at: Place, args: Mapping[str, str]) -> dict[str, str]:
    """By what an address narrows a list down: only what there is."""
    project, label = args.get("project", ""), args.get("label", "")
    known: dict[str, str] = {}
    if project == "inbox" or (project and read_id(project) in overview().projects):
        known["project"] = project
    if label and read_id(label) in overview().labels:
        known["label"] = label
    if args.get("priority") in PRIORITIES:
        known["priority"] = args["priority"]
    if "due" in at.choices:
        bounds = {name: args.get(name, "") for name in ("due_from", "due_to")}
        known |= {name: value for name, value in bounds.items() if _day(value)}
    left_out = {name for name in CHOICES if name not in at.choices}
    return {name: value for name, value in known.items() if name not in left_out}


def _within(chosen: Filter, view: View) -> Filter:
    """A filter, in the bounds of its place."""
    today = days.today()
    if view.place == "inbox":
        return replace(chosen, project="inbox", parent="none")
    if view.place == "label":
        return replace(chosen, label=view.number, started_by=today, archived=False)
    if view.place == "today":
        return replace(chosen, due_to=today, started_by=today, archived=False)
    if view.place == "upcoming":
        tomorrow = today + timedelta(days=1)
        return replace(chosen, due_from=tomorrow, started_by=today, archived=False)
    return chosen


def _by_day(rows: Sequence[Any], is_due: bool) -> Iterator[Group]:
    today, found = days.today(), dict[tuple[str, str], list[Any]]()
    for row in rows:
        day = days.day_of(row) if is_due else row.completed_at.astimezone(days.zone()).date()
        late = is_due and day < today
        key = ("overdue", "Overdue") if late else (str(day), days.heading(day, today))
        found.setdefault(key, []).append(row)
    return (Group(f"day-{key}", heading, some) for (key, heading), some in found.items())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-31") else None
    except ValueError:
        return None

"""Believable data to look at, made as a person would make it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from taskapp.db import now, transaction
from taskapp.domain import dates
from taskapp.domain.actors import Actor
from taskapp.services import accounts, labels, projects, tasks


@dataclass(frozen=True)
class Thing:
    """A task of the demonstration. Days count from today; `at` is the hour of the day it is due."""

    title: str
    description: str | None = None
    # Project and section, by their names.
    place: tuple[str, str | None] | None = None
    labels: tuple[str, ...] = ()
    priority: str = "none"
    due: int | None = None
    at: time | None = None
    start: int | None = None
    completed: bool = False
    subtasks: tuple["Thing", ...] = ()


# Name, colour, whether it is archived, and its sections.
PROJECTS: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    ("Moving house", "teal", False, ("Before", "The day itself", "Afterwards")),
    ("Conference talk", "violet", False, ("Writing", "Travel")),
    ("Garden", "green", False, ()),
    ("Tax return 2025", "grey", True, ()),
)
LABELS: tuple[tuple[str, str], ...] = (
    ("errand", "orange"),
    ("phone", "blue"),
    ("five minutes", "yellow"),
    ("waiting", "pink"),
)

_BEFORE, _DAY, _AFTER = (("Moving house", name) for name in PROJECTS[0][3])
_WRITING, _TRAVEL = (("Conference talk", name) for name in PROJECTS[1][3])
_GARDEN, _TAXES = ("Garden", None), ("Tax return 2025", None)

# The oldest first.
TASKS: tuple[Thing, ...] = (
    Thing(
        "Cancel the old phone contract",
        "Notice has to arrive **before the 15th**.",
        labels=("phone",),
        completed=True,
    ),
    Thing("Send the signed lease to the agency", place=_BEFORE, completed=True),
    Thing(
        "Book the van",
        "Long wheelbase, with a tail lift.",
        place=_BEFORE,
        labels=("phone", "waiting"),
        priority="high",
        due=-2,
    ),
    Thing(
        "Pack",
        "Number the boxes, and write down what is in each.",
        place=_BEFORE,
        priority="medium",
        due=6,
        subtasks=(
            Thing(
                "Kitchen",
                due=4,
                subtasks=(
                    Thing("Wrap the glasses in newspaper"),
                    Thing("Give the spices away", completed=True),
                ),
            ),
            Thing("Books", completed=True),
            Thing("Cellar", due=5),
        ),
    ),
    Thing(
        "Hand over the keys",
        "Read the meters first.",
        place=_DAY,
        priority="high",
        due=8,
        at=time(10),
    ),
    Thing("Tell the post office the new address", place=_AFTER, labels=("errand",), due=9),
    Thing("Hang the pictures", place=_AFTER, start=12),
    Thing(
        "Draft the talk on keyset pagination",
        "20 minutes. Begin with the page that skips.",
        place=_WRITING,
        priority="medium",
        due=1,
        subtasks=(
            Thing("Find an example from real life", completed=True),
            Thing("Draw the three diagrams"),
        ),
    ),
    Thing(
        "Ask Mirko for the slides of the design review",
        place=_WRITING,
        labels=("waiting",),
        completed=True,
    ),
    Thing(
        "Book the train to Leipzig",
        "Outward Friday after 16:00, back on Sunday evening.",
        place=_TRAVEL,
        labels=("five minutes",),
        due=0,
    ),
    Thing("Water the tomatoes", "Every second day while it is hot.", place=_GARDEN, due=0),
    Thing("Sow winter spinach", place=_GARDEN, start=20, due=30),
    Thing("Collect the receipts", place=_TAXES, completed=True),
    Thing("File the return", place=_TAXES, priority="high", completed=True),
    Thing("Keep the assessment in the blue folder", place=_TAXES),
    Thing(
        "Call the dentist for an appointment",
        labels=("phone", "five minutes"),
        due=0,
        at=time(16, 30),
    ),
    Thing(
        "Pay the electricity bill",
        "Reference 4471-22.",
        labels=("five minutes",),
        priority="high",
        due=-1,
    ),
    Thing("Plan the team lunch", "Ask about allergies first. Nine people.", due=1, at=time(12)),
    Thing("Write the release notes", "- what changed\n- what breaks\n- how to upgrade", due=3),
    Thing("Renew the library card", "Take proof of address along.", labels=("errand",), due=7),
    Thing("Buy a birthday present for Noor", "She mentioned a field guide to mosses.", due=10),
    Thing("Move backups to the new disk", "Check one restore first.", priority="low"),
    Thing("Read chapter 4 of “Thinking in Systems”", "Stocks, flows, and why delays matter."),
    Thing("Return the borrowed drill", labels=("errand",), priority="low"),
)


def fill(actor: Actor) -> int:
    """Give an account the demonstration; return how many tasks."""
    with transaction():
        zone_name = accounts.show(actor).time_zone
        filling = _Filling(actor, zone_name, dates.today(zone_name, now()))
        for name, color in LABELS:
            [filling.labels[name]] = labels.named(actor, [name])
            labels.update(actor, filling.labels[name], {"color": color})
        for name, color, _, sections in PROJECTS:
            filling.add_project(name, color, sections)
        count = sum(filling.add(each) for each in TASKS)
        for name, _, archived, _ in PROJECTS:
            projects.update(actor, filling.places[name, None]["project_id"], {"archived": archived})
        return count


@dataclass
class _Filling:
    """What is there already, by name, while the account is filled."""

    actor: Actor
    zone_name: str
    today: date
    places: dict[tuple[str, str | None], dict[str, int]] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    def add_project(self, name: str, color: str, sections: tuple[str, ...]) -> None:
        """Make a project and its sections."""
        project_id = projects.create(self.actor, name=name, color=color).id
        self.places[name, None] = {"project_id": project_id}
        for each in sections:
            section = projects.create_section(self.actor, project_id=project_id, name=each)
            self.places[name, each] = {"section_id": section.id}

    def add(self, thing: Thing, parent_id: int | None = None) -> int:
        """Make a task and its subtasks; return how many."""
        place = self.places[thing.place] if thing.place else {}
        if parent_id is not None:
            place = {"parent_id": parent_id}
        task = tasks.create(
            self.actor,
            title=thing.title,
            description=thing.description,
            priority=thing.priority,
            labels=[self.labels[name] for name in thing.labels],
            **place,
            **self._when(thing),
        )
        count = 1 + sum(self.add(each, task.id) for each in thing.subtasks)
        if thing.completed:
            tasks.complete(self.actor, task.id, completed=True)
        return count

    def _when(self, thing: Thing) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if thing.start is not None:
            found["start_on"] = self.today + timedelta(days=thing.start)
        if thing.due is not None:
            day = self.today + timedelta(days=thing.due)
            if thing.at is None:
                found["due_on"] = day
            else:
                found["due_at"] = datetime.combine(day, thing.at, ZoneInfo(self.zone_name))
        return found

"""What people do: deeds that hypothesis draws, and a world in which they are done.

A deed is a name and a few numbers, which pick among the things that there are; so it shrinks well,
and means something in any state. What is refused changes nothing, and is no failure.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from taskapp.domain.actors import Actor
from taskapp.domain.errors import DomainError
from taskapp.services import bulk, history, labels, projects, tasks, trash
from taskapp.services.filters import Filter
from taskapp.services.records import Kind

from .stored import rows, somebody

KEEP = timedelta(days=30)
UNKNOWN = 10**12
SUBTASKS: tuple[Any, ...] = (None, "complete", "keep")
DAYS = (None, date(2026, 3, 29), date(2026, 3, 30))
INSTANTS = (
    None,
    datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
    datetime(2026, 3, 29, 23, 30, tzinfo=UTC),
)

Deed = tuple[str, int, int, int]


class World:
    """Two people, who do things; `who` is one of them, and what they pick is mostly their own."""

    def __init__(self) -> None:
        self.people = (somebody(), somebody())

    def ids(self, kind: Kind, actor: Actor) -> list[int]:
        """Somebody's things of a kind, those in the trash included."""
        return [row.id for row in rows(kind, actor)]

    def pick(self, kind: Kind, actor: Actor, number: int, *, trash: bool = False) -> int:
        """One of somebody's things in use or in the trash, or, seldom, another's or none."""
        if number == 23:
            other = self.ids(kind, self.people[actor is self.people[0]])
            return other[0] if other else UNKNOWN
        found = rows(kind, actor)
        own = [row.id for row in found if bool(getattr(row, "deleted_at", None)) is trash]
        return own[number % len(own)] if own else UNKNOWN

    def some(self, kind: Kind, actor: Actor, number: int) -> list[int]:
        """Some of somebody's things: those whose place has a bit in the number."""
        return [id_ for place, id_ in enumerate(self.ids(kind, actor)) if number >> (place % 4) & 1]

    def do(self, who: int, deed: Deed) -> bool:
        """Do it; return whether it was not refused."""
        name, *numbers = deed
        try:
            DEEDS[name](self, self.people[who], *numbers)
        except DomainError:
            return False
        return True


def place(world: World, actor: Actor, where: int, number: int) -> dict[str, Any]:
    """Where a task may be put."""
    made: list[Callable[[], dict[str, Any]]] = [
        lambda: {"project_id": None},
        lambda: {"project_id": world.pick("project", actor, number)},
        lambda: {"section_id": world.pick("section", actor, number)},
        lambda: {"parent_id": world.pick("task", actor, number)},
        lambda: {"parent_id": None},
        lambda: {"section_id": None},
    ]
    return made[where % 6]()


def change(world: World, actor: Actor, what: int, number: int) -> dict[str, Any]:
    """What may be changed of a task."""
    if what < 6:
        return place(world, actor, what, number)
    made: list[Callable[[], dict[str, Any]]] = [
        lambda: {"title": f"Title {number % 3}"},
        lambda: {"completed": bool(number % 2)},
        lambda: {"labels": world.some("label", actor, number)},
        lambda: {"due_on": DAYS[number % 3]},
        lambda: {"due_at": INSTANTS[number % 3]},
        lambda: {"due_zone": (None, "Asia/Kolkata", "America/Caracas")[number % 3]},
        lambda: {"start_on": DAYS[number % 3]},
        lambda: {"priority": ("none", "high")[number % 2], "description": "x"},
    ]
    return made[what % 8]()


def create(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    more = {"completed": True} if c == 7 else {}
    where = place(world, actor, b % 4, a) if b % 4 else {}
    tasks.create(actor, title=f"Task {c}", **where, **more)


def update(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    values = change(world, actor, b % 14, c) | change(world, actor, c % 14, b)
    tasks.update(actor, world.pick("task", actor, a), values, subtasks=SUBTASKS[(b + c) % 3])


def complete(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    task_id = world.pick("task", actor, a)
    tasks.complete(actor, task_id, (True, True, None, False)[b % 4], subtasks=SUBTASKS[c % 3])


def move(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    given = place(world, actor, b, c) if b % 7 else {}
    if c % 3:
        given["after"] = None if c % 3 == 1 else world.pick("task", actor, b)
    tasks.move(actor, world.pick("task", actor, a), given)


def in_bulk(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    deeds: tuple[bulk.Deed, ...] = ("complete", "reopen", "delete", "update")
    deed = deeds[b % 4]
    values = change(world, actor, b % 14, c) if deed == "update" else None
    chosen = Filter(ids=world.some("task", actor, a))
    bulk.act_on(actor, deed, chosen, values=values, subtasks=SUBTASKS[c % 3])


def operations(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    def one(op: str, x: int, y: int) -> dict[str, Any]:
        id_ = world.pick("task", actor, x)
        made: dict[str, dict[str, Any]] = {
            "create": {"values": {"title": "New", **place(world, actor, y, x)}},
            "update": {"id": id_, "values": change(world, actor, y % 14, x), "subtasks": "keep"},
            "move": {"id": id_, "values": place(world, actor, y, x) | {"after": None}},
            "complete": {"id": id_, "subtasks": SUBTASKS[y % 3]},
            "reopen": {"id": id_},
            "delete": {"id": id_},
        }
        return {"op": op, **made[op]}

    names = (*bulk.OPERATIONS, "update")
    several = [
        one(names[(number + step) % 7], number, step)
        for number, step in ((a, b), (b, c), (c, a), (a + 1, c))
    ]
    bulk.run(actor, several, atomic=c % 3 == 0)


def edit_project(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    values = ({"name": f"Project {c}"}, {"archived": bool(c % 2)}, {"color": "teal"})[b % 3]
    projects.update(actor, world.pick("project", actor, a), values)


def edit_section(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    values = {"name": f"Section {c}"} if b % 2 else {"project_id": world.pick("project", actor, c)}
    projects.update_section(actor, world.pick("section", actor, a), values)


def take_back(world: World, actor: Actor, a: int, b: int, c: int) -> None:
    if actor.acts:
        history.undo(actor, actor.acts[-1 - a % min(len(actor.acts), 1 + b % 5)])


# fmt: off
DEEDS: dict[str, Callable[[World, Actor, int, int, int], Any]] = {
    "create": create,
    "update": update,
    "complete": complete,
    "move": move,
    "shift": lambda w, x, a, b, c: tasks.shift(x, w.pick("task", x, a), (-1, 1)[b % 2]),
    "delete": lambda w, x, a, b, c: tasks.delete(x, w.pick("task", x, a)),
    "restore": lambda w, x, a, b, c: trash.restore(x, w.pick("task", x, a, trash=True), keep=KEEP),
    "purge": lambda w, x, a, b, c: trash.purge(x, w.pick("task", x, a, trash=True)),
    "empty": lambda w, x, a, b, c: trash.empty(x),
    "in bulk": in_bulk,
    "operations": operations,
    "create project": lambda w, x, a, b, c: projects.create(x, name=f"Project {a}"),
    "edit project": edit_project,
    "move project": lambda w, x, a, b, c: projects.move(
        x, w.pick("project", x, a), w.pick("project", x, b) if c % 2 else None),
    "delete project": lambda w, x, a, b, c: projects.delete(x, w.pick("project", x, a)),
    "restore project": lambda w, x, a, b, c: trash.restore_project(
        x, w.pick("project", x, a, trash=True), keep=KEEP),
    "purge project": lambda w, x, a, b, c: trash.purge_project(
        x, w.pick("project", x, a, trash=True)),
    "create section": lambda w, x, a, b, c: projects.create_section(
        x, project_id=w.pick("project", x, a), name=f"Section {b}"),
    "edit section": edit_section,
    "move section": lambda w, x, a, b, c: projects.move_section(
        x, w.pick("section", x, a), w.pick("section", x, b) if c % 2 else None),
    "delete section": lambda w, x, a, b, c: projects.delete_section(x, w.pick("section", x, a)),
    "create label": lambda w, x, a, b, c: labels.create(x, name=f"Label {a % 5}"),
    "name labels": lambda w, x, a, b, c: labels.named(x, [f"label {a % 5}", f"label {b % 5}"]),
    "edit label": lambda w, x, a, b, c: labels.update(
        x, w.pick("label", x, a), {"name": f"label {b % 5}", "color": "red"}),
    "merge labels": lambda w, x, a, b, c: labels.merge(
        x, w.pick("label", x, a), w.pick("label", x, b)),
    "delete label": lambda w, x, a, b, c: labels.delete(x, w.pick("label", x, a)),
    "undo": take_back,
}
# fmt: on

NUMBERS = st.integers(0, 23)


def deeds(names: Any = tuple(DEEDS)) -> st.SearchStrategy[Deed]:
    """A deed among those, what is done every day more often than not."""
    daily = ("create", "create", "update", "complete", "move", "delete", "restore", "undo")
    likely = [name for name in daily if name in names]
    return st.tuples(st.sampled_from([*likely, *names]), NUMBERS, NUMBERS, NUMBERS)


# Something of every kind to begin with.
BEGINNING: tuple[Deed, ...] = (
    ("create project", 0, 0, 0),
    ("create project", 1, 0, 0),
    ("create section", 0, 0, 0),
    ("create section", 1, 0, 0),
    ("create label", 0, 0, 0),
    ("create label", 1, 0, 0),
    ("create", 0, 0, 0),
    ("create", 0, 2, 0),
    ("create", 0, 3, 0),
    ("create", 1, 3, 0),
)

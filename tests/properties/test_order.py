"""Order by hand: what a plain list would give, whatever the moves, and whoever moves at once."""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskapp.db import transaction
from taskapp.domain.actors import Actor
from taskapp.domain.ranks import RANK_MOST
from taskapp.services import projects, tasks
from taskapp.services.filters import Filter
from taskapp.services.records import Kind

from .stored import rows, somebody
from .threads import at_once

pytestmark = pytest.mark.usefixtures("context")

MANY = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
NUMBERS = st.integers(0, 11)
MOVES = st.lists(
    st.tuples(st.sampled_from(("new", "first", "after", "last", "up", "down")), NUMBERS, NUMBERS),
    min_size=1,
    max_size=25,
)


@dataclass
class Place:
    """Somewhere that tasks stand, and the order that is expected of them."""

    actor: Actor
    where: dict[str, int]
    order: list[int] = field(default_factory=list)

    def found(self) -> list[int]:
        """The order that there is."""
        some = Filter(
            completed=False,
            project=self.where.get("project_id", "inbox")
            if "parent_id" not in self.where
            else None,
            section=self.where.get("section_id", "none"),
            parent=self.where.get("parent_id", "none"),
        )
        return [row.id for row in tasks.list_page(self.actor, some, sort="rank").rows]


def places(actor: Actor) -> list[Place]:
    """An inbox, a project, a section of it, and a task in it."""
    project = projects.create(actor, name="House").id
    section = projects.create_section(actor, project_id=project, name="Roof").id
    parent = tasks.create(actor, title="Walls", project_id=project).id
    return [
        Place(actor, {}),
        Place(actor, {"project_id": project}, [parent]),
        Place(actor, {"project_id": project, "section_id": section}),
        Place(actor, {"parent_id": parent}),
    ]


def ranks(kind: Kind, actor: Actor) -> dict[int, str]:
    """Which rank each thing has."""
    return {row.id: row.rank for row in rows(kind, actor)}


def shifted(order: list[int], id_: int, by: int) -> list[int]:
    """A list in which one has changed places with a neighbour."""
    at = order.index(id_)
    to = min(max(at + by, 0), len(order) - 1)
    rest = [each for each in order if each != id_]
    return [*rest[:to], id_, *rest[to:]]


def put(order: list[int], id_: int, after: int | None) -> list[int]:
    """A list in which one stands after another, or first."""
    rest = [each for each in order if each != id_]
    at = 0 if after is None else rest.index(after) + 1
    return [*rest[:at], id_, *rest[at:]]


def move_task(place: Place, how: str, id_: int, other: int) -> None:
    """Move a task within its place, in the list too."""
    if how in ("up", "down"):
        by = -1 if how == "up" else 1
        place.order = shifted(place.order, id_, by)
        tasks.shift(place.actor, id_, by)
        return
    rest = [each for each in place.order if each != id_]
    after = {"first": None, "last": rest[-1] if rest else None}.get(how, ...)
    if after is ...:
        after = rest[other % len(rest)] if rest else None
    place.order = put(place.order, id_, after)
    tasks.move(place.actor, id_, {} if how == "last" else {"after": after})


@MANY
@given(MOVES)
def test_tasks_stand_as_in_a_list_wherever_they_are(moves: list[Any]) -> None:
    actor = somebody()
    here = places(actor)
    for how, a, b in moves:
        place = here[a % 4]
        before = ranks("task", actor)
        if how == "new" or not place.order:
            made = tasks.create(actor, title="x", **place.where).id
            place.order.append(made)
        else:
            move_task(place, how, place.order[b % len(place.order)], a)
        after = ranks("task", actor)
        assert sum(before.get(id_) != rank for id_, rank in after.items()) <= 1
        assert [each.found() for each in here] == [each.order for each in here]


@MANY
@given(MOVES)
def test_tasks_that_go_elsewhere_come_where_they_are_put(moves: list[Any]) -> None:
    actor = somebody()
    here = places(actor)
    walls = here[3].where["parent_id"]
    for how, a, b in moves:
        source, target = here[a % 4], here[b % 4]
        movable = [id_ for id_ in source.order if id_ != walls]
        if how == "new" or not movable:
            target.order.append(tasks.create(actor, title="x", **target.where).id)
            continue
        id_ = movable[b % len(movable)]
        rest = [each for each in target.order if each != id_]
        after = rest[a % len(rest)] if rest and how == "after" else None
        where: dict[str, Any] = target.where
        if "parent_id" not in where:
            where = {"project_id": None, "section_id": None, "parent_id": None} | where
        before = ranks("task", actor)
        if how == "last":
            tasks.move(actor, id_, where)
            after = rest[-1] if rest else None
        else:
            tasks.move(actor, id_, where | {"after": after})
        source.order = [each for each in source.order if each != id_]
        target.order = put(target.order, id_, after)
        now = ranks("task", actor)
        assert {each for each in now if now[each] != before[each]} <= {id_}
        assert [each.found() for each in here] == [each.order for each in here]


@MANY
@given(MOVES)
def test_projects_and_sections_stand_as_in_a_list(moves: list[Any]) -> None:
    actor = somebody()
    order: list[int] = []
    house = projects.create(actor, name="House").id
    parts: list[int] = []
    for how, a, b in moves:
        for kind, known in (("project", order), ("section", parts)):
            before = ranks(kind, actor)  # type: ignore[arg-type]
            if how == "new" or len(known) < 2:
                if kind == "project":
                    known.append(projects.create(actor, name="x").id)
                else:
                    known.append(projects.create_section(actor, project_id=house, name="x").id)
            else:
                id_ = known[a % len(known)]
                rest = [each for each in known if each != id_]
                after = None if how == "first" else rest[b % len(rest)]
                (projects.move if kind == "project" else projects.move_section)(actor, id_, after)
                known[:] = put(known, id_, after)
            now = ranks(kind, actor)  # type: ignore[arg-type]
            assert sum(before.get(each) != rank for each, rank in now.items()) <= 1
        assert [row.id for row in projects.list_all(actor) if row.id != house] == order
        assert [row.id for row in projects.list_sections(actor, house)] == parts


def test_ranks_stay_short_however_many_come_into_one_gap() -> None:
    actor = somebody()
    order = [projects.create(actor, name=f"{number}").id for number in range(6)]
    longest, respaced, chance = 0, 0, random.Random(1)
    with transaction():  # two thousand commits would take their time
        for turn in range(2000):
            id_ = chance.choice(order[2:])
            length = len(projects.move(actor, id_, order[0]).rank)
            order = put(order, id_, order[0])
            assert length <= RANK_MOST
            respaced += length < longest // 2
            longest = length if length < longest // 2 else max(longest, length)
            if turn % 50 == 0:
                now = ranks("project", actor)
                assert sorted(now, key=lambda each: now[each]) == order
    assert longest > 17  # longer than what is made at an instant
    assert 0 < respaced < 20


def test_whoever_moves_at_once_there_is_one_order_and_nothing_is_lost(app: Flask) -> None:
    actor = somebody()
    ids = [tasks.create(actor, title=f"{number}").id for number in range(8)]

    def work(number: int) -> list[int]:
        chance, me, made = random.Random(number), Actor(actor.id), []
        for _ in range(12):
            id_, other = chance.sample(ids, 2)
            how = chance.randrange(5)
            if how == 0:
                made.append(tasks.create(me, title="new").id)
            elif how < 3:
                tasks.move(me, id_, {"after": other if how == 1 else None})
            else:
                tasks.shift(me, id_, (-1, 1)[how - 3])
        return made

    made = [id_ for some in at_once(app, 8, work) for id_ in some]
    found = [row.id for row in tasks.list_page(actor, sort="rank").rows]
    assert sorted(found) == sorted([*ids, *made])
    now = ranks("task", actor)
    assert len(set(now.values())) == len(now)
    assert found == sorted(now, key=lambda each: now[each])

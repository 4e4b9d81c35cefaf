"""taskapp/services/placing.py"""

from typing import Any

import pytest
from sqlalchemy import update

from taskapp.db import transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import RuleViolation
from taskapp.domain.ranks import RANK_MOST
from taskapp.models import Project
from taskapp.services import bulk, placing, projects, tasks, trash
from taskapp.services.filters import Filter

from ..properties.deeds import KEEP


def project(actor: Actor, name: str = "House") -> int:
    """A new project."""
    id_: int = projects.create(actor, name=name).id
    return id_


def section(actor: Actor, project_id: int) -> int:
    """A new section."""
    id_: int = projects.create_section(actor, project_id=project_id, name="Roof").id
    return id_


def place_of(actor: Actor, task_id: int) -> tuple[int | None, ...]:
    """In which project, section and task it stands."""
    row = tasks.show(actor, task_id)
    return tuple(getattr(row, name) for name in placing.PLACE)


def in_order(actor: Actor, **where: Any) -> str:
    """The titles of those in a place."""
    return "".join(row.title for row in tasks.list_page(actor, Filter(**where), sort="rank").rows)


def faults(refused: pytest.ExceptionInfo[RuleViolation]) -> list[tuple[str, str]]:
    """Which fields are wrong, and how."""
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_a_section_brings_its_project_and_a_task_above_its_own(ada: Actor) -> None:
    house = project(ada)
    roof = section(ada, house)
    above = tasks.create(ada, title="a", section_id=roof).id
    below = tasks.create(ada, title="b", parent_id=above).id
    assert place_of(ada, above) == (house, roof, None)
    assert place_of(ada, below) == (house, None, above)


def test_what_is_given_another_place_leaves_the_one_it_had(ada: Actor) -> None:
    house = project(ada)
    roof = section(ada, house)
    garden = project(ada, "Garden")
    above = tasks.create(ada, title="a", section_id=roof).id
    task = tasks.create(ada, title="b", parent_id=above).id
    for given, then in (
        ({"section_id": roof}, (house, roof, None)),
        ({"project_id": garden}, (garden, None, None)),
        ({"parent_id": above}, (house, None, above)),
        ({"parent_id": None}, (house, None, None)),
        ({"parent_id": above}, (house, None, above)),
        ({"project_id": garden}, (garden, None, None)),
        ({"project_id": None}, (None, None, None)),
    ):
        tasks.move(ada, task, given)
        assert place_of(ada, task) == then


def test_a_subtask_that_is_told_its_own_project_stays_below(ada: Actor) -> None:
    house = project(ada)
    above = tasks.create(ada, title="a", project_id=house).id
    task = tasks.create(ada, title="b", parent_id=above)
    tasks.update(ada, task.id, {"project_id": house})
    assert tasks.show(ada, task.id) == task


def test_all_below_a_task_follow_it_elsewhere_those_in_the_trash_too(ada: Actor) -> None:
    garden = project(ada, "Garden")
    top = tasks.create(ada, title="a").id
    middle = tasks.create(ada, title="b", parent_id=top).id
    low = tasks.create(ada, title="c", parent_id=middle).id
    gone = tasks.create(ada, title="d", parent_id=middle).id
    tasks.delete(ada, gone)
    tasks.move(ada, top, {"project_id": garden})
    assert place_of(ada, middle) == (garden, None, top)
    assert place_of(ada, low) == (garden, None, middle)
    trash.restore(ada, gone, keep=KEEP)
    assert place_of(ada, gone) == (garden, None, middle)


def test_a_task_goes_neither_below_itself_nor_below_what_is_below_it(ada: Actor) -> None:
    top = tasks.create(ada, title="a").id
    low = tasks.create(ada, title="b", parent_id=top).id
    for parent in (top, low):
        with pytest.raises(RuleViolation) as refused:
            tasks.move(ada, top, {"parent_id": parent})
        assert faults(refused) == [("parent_id", "cycle")]


def test_what_lies_below_counts_when_a_task_is_put_deep_be_it_in_the_trash(ada: Actor) -> None:
    parent = tasks.create(ada, title="a").id
    for _ in range(6):
        parent = tasks.create(ada, title="a", parent_id=parent).id
    task = tasks.create(ada, title="b").id
    below = tasks.create(ada, title="c", parent_id=task).id
    for _ in range(2):
        with pytest.raises(RuleViolation) as refused:
            tasks.move(ada, task, {"parent_id": parent})
        assert faults(refused) == [("parent_id", "too_deep")]
        if tasks.count(ada, Filter(ids=[below])).open:
            tasks.delete(ada, below)
    trash.purge(ada, below)
    tasks.move(ada, task, {"parent_id": parent})
    assert tasks.show(ada, task).depth == 7


def test_an_open_task_goes_below_no_done_one_but_a_done_one_does(ada: Actor) -> None:
    parent = tasks.create(ada, title="a", completed=True).id
    task = tasks.create(ada, title="b").id
    with pytest.raises(RuleViolation) as refused:
        tasks.move(ada, task, {"parent_id": parent})
    assert faults(refused) == [("parent_id", "done")]
    tasks.complete(ada, task, True)
    tasks.move(ada, task, {"parent_id": parent})
    assert tasks.show(ada, parent).subtasks_done == 1


def test_only_ones_own_places_in_use_are_there(ada: Actor, eve: Actor) -> None:
    house = project(eve)
    hers = {
        "project_id": house,
        "section_id": section(eve, house),
        "parent_id": tasks.create(eve, title="a").id,
    }
    gone = {"project_id": project(ada), "parent_id": tasks.create(ada, title="a").id}
    projects.delete(ada, gone["project_id"])
    tasks.delete(ada, gone["parent_id"])
    task = tasks.create(ada, title="b").id
    for name, id_ in [*hers.items(), *gone.items()]:
        with pytest.raises(RuleViolation) as refused:
            tasks.move(ada, task, {name: id_})
        assert faults(refused) == [(name, "no_such")]
    assert place_of(ada, task) == (None, None, None)


def test_a_task_is_put_first_after_another_or_last(ada: Actor) -> None:
    ids = {title: tasks.create(ada, title=title).id for title in "abcd"}
    tasks.move(ada, ids["c"], {"after": None})
    assert in_order(ada) == "cabd"
    tasks.move(ada, ids["c"], {"after": ids["a"]})
    assert in_order(ada) == "acbd"
    tasks.move(ada, ids["a"])
    assert in_order(ada) == "cbda"
    tasks.move(ada, ids["c"], {"after": ids["a"]})
    assert in_order(ada) == "bdac"


def test_a_task_is_put_after_one_of_the_place_where_it_goes_and_no_other(ada: Actor) -> None:
    house = project(ada)
    a, b = (tasks.create(ada, title=title, project_id=house).id for title in "ab")
    outside = tasks.create(ada, title="c").id
    tasks.move(ada, outside, {"project_id": house, "after": a})
    assert in_order(ada, project=house) == "acb"
    elsewhere = tasks.create(ada, title="d").id
    for after in (elsewhere, b):
        with pytest.raises(RuleViolation) as refused:
            tasks.move(ada, b, {"after": after})
        assert faults(refused) == [("after", "no_such")]


def test_a_task_is_shifted_among_its_open_or_done_neighbours_and_no_further(ada: Actor) -> None:
    ids = {title: tasks.create(ada, title=title).id for title in "axbyc"}
    bulk.act_on(ada, "complete", Filter(ids=[ids["x"], ids["y"]]))
    tasks.shift(ada, ids["c"], -1)
    assert in_order(ada, completed=False) == "acb"
    tasks.shift(ada, ids["a"], -1)
    tasks.shift(ada, ids["b"], 1)
    assert in_order(ada, completed=False) == "acb"
    tasks.shift(ada, ids["a"], 1)
    assert in_order(ada, completed=False) == "cab"
    tasks.shift(ada, ids["x"], 1)
    assert in_order(ada, completed=True) == "yx"


def rank_anew(actor: Actor, project_id: int, rank: str) -> None:
    """Give a project a rank as one who writes SQL may."""
    query = update(Project).where(Project.id == project_id, Project.user_id == actor.id)
    with transaction() as session:
        session.execute(query.values(rank=rank))


@pytest.mark.parametrize("zeros", [RANK_MOST - 18, None])
def test_where_there_is_no_room_all_are_given_short_ranks_and_keep_their_order(
    ada: Actor, zeros: int | None
) -> None:
    a, b, c, d = (projects.create(ada, name=name) for name in "abcd")
    # Right after the one before, in as many letters as there may be, or with the same rank.
    rank_anew(ada, b.id, a.rank if zeros is None else f"{a.rank}{'0' * zeros}1")
    projects.move(ada, d.id, a.id)
    rows = projects.list_all(ada)
    assert [row.id for row in rows] == [a.id, d.id, b.id, c.id]
    assert all(len(row.rank) < 8 for row in rows)


def test_as_long_as_there_is_room_a_move_writes_no_other(ada: Actor) -> None:
    a, b, c, d = (projects.create(ada, name=name) for name in "abcd")
    rank_anew(ada, b.id, f"{a.rank}{'0' * (RANK_MOST - 19)}1")
    was = {row.id: row.rank for row in projects.list_all(ada)}
    assert len(projects.move(ada, d.id, a.id).rank) == RANK_MOST
    now = {row.id: row.rank for row in projects.list_all(ada)}
    assert list(now) == [a.id, d.id, b.id, c.id]
    assert now | {d.id: was[d.id]} == was

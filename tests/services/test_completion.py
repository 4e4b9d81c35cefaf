"""taskapp/services/completion.py"""

import pytest

from taskapp.db import AnyRow
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict
from taskapp.services import bulk, completion, history, projects, tasks
from taskapp.services.filters import Filter


@pytest.fixture
def top(ada: Actor) -> int:
    """A task in a section."""
    house = projects.create(ada, name="House").id
    roof = projects.create_section(ada, project_id=house, name="Roof").id
    id_: int = tasks.create(ada, title="top", section_id=roof).id
    return id_


@pytest.fixture
def middle(ada: Actor, top: int) -> int:
    """A subtask of it."""
    id_: int = tasks.create(ada, title="middle", parent_id=top).id
    return id_


@pytest.fixture
def low(ada: Actor, middle: int) -> int:
    """A subtask of that."""
    id_: int = tasks.create(ada, title="low", parent_id=middle).id
    return id_


def done(actor: Actor, *ids: int) -> list[bool]:
    """Which are done; those that are have the time when, and the others none."""
    rows = [tasks.show(actor, id_) for id_ in ids]
    assert all(row.completed == (row.completed_at is not None) for row in rows)
    return [row.completed for row in rows]


def counts(row: AnyRow) -> tuple[int, int]:
    """How many open and done subtasks a task has."""
    return row.subtasks_open, row.subtasks_done


def test_open_subtasks_have_to_be_spoken_of(ada: Actor, top: int, middle: int, low: int) -> None:
    tasks.complete(ada, low, True)
    before = history.position(ada)
    with pytest.raises(Conflict, match="is an open subtask below") as refused:
        tasks.complete(ada, top, True)
    assert refused.value.code == "subtasks_open"
    with pytest.raises(Conflict):
        tasks.update(ada, top, {"completed": True, "title": "other"})
    assert done(ada, top, middle, low) == [False, False, True]
    assert history.position(ada) == before


def test_nothing_is_asked_when_those_below_are_done_or_in_the_trash(
    ada: Actor, top: int, middle: int, low: int
) -> None:
    tasks.complete(ada, low, True)
    tasks.complete(ada, middle, True)
    tasks.delete(ada, tasks.create(ada, title="gone", parent_id=top).id)
    assert tasks.complete(ada, top, True).completed


def test_all_below_is_completed_at_once_and_what_was_done_keeps_its_time(
    ada: Actor, top: int, middle: int, low: int
) -> None:
    earlier = tasks.complete(ada, low, True).completed_at
    other = tasks.create(ada, title="other", parent_id=middle).id
    whole = tasks.complete(ada, top, True, subtasks="complete")
    assert done(ada, top, middle, low, other) == [True] * 4
    assert tasks.show(ada, low).completed_at == earlier < whole.completed_at
    assert tasks.show(ada, other).completed_at == whole.completed_at
    assert counts(whole) == (0, 1)


def test_subtasks_that_are_kept_stand_where_the_task_stood_with_all_below_them(
    ada: Actor, top: int, middle: int, low: int
) -> None:
    was = tasks.complete(ada, top, True, subtasks="keep")
    now = tasks.show(ada, middle)
    place = (now.project_id, now.section_id, now.parent_id, now.depth)
    assert place == (was.project_id, was.section_id, None, 0)
    assert tasks.show(ada, low).parent_id == middle
    assert done(ada, top, middle, low) == [True, False, False]
    assert counts(was) == (0, 0)


def test_subtasks_that_are_kept_stay_below_the_task_above_that_is_open(
    ada: Actor, top: int, middle: int, low: int
) -> None:
    tasks.complete(ada, middle, True, subtasks="keep")
    assert tasks.show(ada, low).parent_id == top
    assert counts(tasks.show(ada, top)) == (1, 1)


def test_of_several_that_are_completed_the_topmost_says_where_what_is_kept_goes(
    ada: Actor, top: int, middle: int, low: int
) -> None:
    bulk.act_on(ada, "complete", Filter(ids=[top, middle]), subtasks="keep")
    now = tasks.show(ada, low)
    assert (now.parent_id, now.section_id) == (None, tasks.show(ada, top).section_id)
    assert done(ada, top, middle, low) == [True, True, False]


def test_reopening_a_subtask_reopens_those_above_and_none_beside(
    ada: Actor, top: int, middle: int, low: int
) -> None:
    beside = tasks.create(ada, title="beside", parent_id=middle).id
    tasks.complete(ada, top, True, subtasks="complete")
    tasks.complete(ada, low, False)
    assert done(ada, top, middle, low, beside) == [False, False, False, True]
    assert counts(tasks.show(ada, middle)) == (1, 1)


def test_reopening_a_task_leaves_those_below_done(
    ada: Actor, top: int, middle: int, low: int
) -> None:
    tasks.complete(ada, top, True, subtasks="complete")
    assert counts(tasks.complete(ada, top, False)) == (0, 1)
    assert done(ada, top, middle, low) == [False, True, True]


def test_what_is_reopened_and_moved_at_once_reopens_those_above_its_new_place(
    ada: Actor,
) -> None:
    old = tasks.create(ada, title="old").id
    task = tasks.create(ada, title="x", parent_id=old).id
    tasks.complete(ada, old, True, subtasks="complete")
    tasks.update(ada, task, {"completed": False, "parent_id": None})
    assert done(ada, old, task) == [True, False]


def test_completing_with_subtasks_is_one_act_and_undone_as_one(
    ada: Actor, top: int, middle: int, low: int
) -> None:
    for subtasks in completion.SUBTASKS:
        before = [tasks.show(ada, id_) for id_ in (top, middle, low)]
        tasks.complete(ada, top, True, subtasks=subtasks)
        history.undo(ada, ada.acts[-1])
        now = [tasks.show(ada, id_) for id_ in (top, middle, low)]
        assert [(row.completed, row.parent_id, row.rank, *counts(row)) for row in now] == [
            (row.completed, row.parent_id, row.rank, *counts(row)) for row in before
        ]

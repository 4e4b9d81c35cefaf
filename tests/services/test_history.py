"""Undo where something has changed since."""

from collections.abc import Callable
from typing import Any

import pytest

from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict
from taskapp.services import bulk, completion, history, labels, projects, tasks, trash
from taskapp.services.filters import Filter

from ..properties.deeds import KEEP


def test_what_was_completed_again_since_stays_done_with_its_time(ada: Actor) -> None:
    task = tasks.create(ada, title="x").id
    tasks.complete(ada, task, True)
    first = ada.acts[-1]
    tasks.complete(ada, task, False)
    again = tasks.complete(ada, task, True)
    history.undo(ada, first)
    now = tasks.show(ada, task)
    assert (now.completed, now.completed_at) == (True, again.completed_at)


def test_undoing_the_return_of_a_label_removes_it_again(ada: Actor) -> None:
    label = labels.create(ada, name="errand").id
    task = tasks.create(ada, title="x", labels=[label]).id
    labels.delete(ada, label)
    history.undo(ada, ada.acts[-1])
    assert tasks.show(ada, task).labels == [label]
    history.undo(ada, ada.acts[-1])
    assert (tasks.show(ada, task).labels, list(labels.list_all(ada))) == ([], [])


@pytest.mark.parametrize("kind", ["project", "section", "label", "parent"])
def test_what_has_come_into_use_since_is_not_unmade(ada: Actor, kind: str) -> None:
    project = projects.create(ada, name="House").id
    made: Callable[[], dict[str, Any]] = {
        "project": lambda: {"project_id": project},
        "section": lambda: {
            "section_id": projects.create_section(ada, project_id=project, name="Roof").id
        },
        "label": lambda: {"labels": [labels.create(ada, name="errand").id]},
        "parent": lambda: {"parent_id": tasks.create(ada, title="above").id},
    }[kind]
    where = made()
    act_id = ada.acts[-1]
    task = tasks.create(ada, title="x", **where)
    with pytest.raises(Conflict, match="stands in the way") as refused:
        history.undo(ada, act_id)
    assert refused.value.code == "undo_blocked"
    assert tasks.show(ada, task.id) == task


def test_a_task_does_not_go_back_below_one_that_is_gone(ada: Actor) -> None:
    parent = tasks.create(ada, title="above").id
    task = tasks.create(ada, title="x", parent_id=parent).id
    tasks.move(ada, task, {"parent_id": None})
    act_id = ada.acts[-1]
    tasks.delete(ada, parent)
    for _ in ("in the trash", "gone for good"):
        with pytest.raises(Conflict):
            history.undo(ada, act_id)
        if trash.list_page(ada, keep=KEEP).rows:
            trash.purge(ada, parent)
    assert tasks.show(ada, task).parent_id is None


def test_what_is_in_the_trash_goes_along_when_a_move_is_taken_back(ada: Actor) -> None:
    project = projects.create(ada, name="House").id
    parent = tasks.create(ada, title="above").id
    tasks.move(ada, parent, {"project_id": project})
    act_id = ada.acts[-1]
    below = tasks.create(ada, title="x", parent_id=parent).id
    tasks.delete(ada, below)
    history.undo(ada, act_id)
    assert trash.restore(ada, below, keep=KEEP).project_id is None


def test_subtasks_in_the_trash_follow_their_parent_elsewhere(ada: Actor) -> None:
    project = projects.create(ada, name="House").id
    parent = tasks.create(ada, title="above").id
    below = tasks.create(ada, title="x", parent_id=parent).id
    tasks.delete(ada, below)
    tasks.move(ada, parent, {"project_id": project})
    assert trash.restore(ada, below, keep=KEEP).project_id == project


def test_subtasks_that_are_moved_with_their_parent_stay_below_it(ada: Actor) -> None:
    project = projects.create(ada, name="House").id
    parent = tasks.create(ada, title="above").id
    below = tasks.create(ada, title="x", parent_id=parent).id
    bulk.act_on(ada, "update", Filter(ids=[below, parent]), values={"project_id": project})
    now = tasks.show(ada, below)
    assert (now.parent_id, now.project_id) == (parent, project)


def test_a_subtask_that_is_kept_open_comes_into_the_section_of_its_parent(ada: Actor) -> None:
    project = projects.create(ada, name="House").id
    section = projects.create_section(ada, project_id=project, name="Roof").id
    parent = tasks.create(ada, title="above", section_id=section).id
    below = tasks.create(ada, title="x", parent_id=parent).id
    tasks.complete(ada, parent, True, subtasks=completion.SUBTASKS[1])
    now = tasks.show(ada, below)
    assert (now.parent_id, now.section_id) == (None, section)


def test_each_open_subtask_is_completed_once_whoever_is_named_above_it(ada: Actor) -> None:
    top = tasks.create(ada, title="top").id
    middle = tasks.create(ada, title="middle", parent_id=top).id
    tasks.create(ada, title="low", parent_id=middle)
    before = history.position(ada)
    bulk.act_on(ada, "complete", Filter(ids=[top, middle]), subtasks="complete")
    told = history.changes(ada, before).events
    assert len({event.thing_id for event in told}) == len(told) == 3

"""taskapp/services/projects.py"""

from typing import Any

import pytest

from taskapp.domain.actors import Actor
from taskapp.domain.errors import NotFound, RuleViolation, StaleVersion
from taskapp.services import history, projects, tasks, trash
from taskapp.services.filters import Filter

from ..properties.deeds import KEEP


def names(actor: Actor, **which: Any) -> str:
    """What somebody's projects are called, in their order."""
    return "".join(row.name for row in projects.list_all(actor, **which))


def made(actor: Actor, *several: str) -> list[int]:
    """New projects."""
    return [projects.create(actor, name=name).id for name in several]


def test_projects_stand_in_the_order_in_which_they_were_made_until_moved(
    ada: Actor, eve: Actor
) -> None:
    made(eve, "x")
    a, b, c = made(ada, *"abc")
    assert names(ada) == "abc"
    projects.move(ada, c, None)
    projects.move(ada, a, b)
    assert names(ada) == "cba"


def test_a_project_is_shifted_among_those_in_use_or_archived(ada: Actor) -> None:
    ids = dict(zip("axby", made(ada, *"axby"), strict=True))
    for name in "xy":
        projects.update(ada, ids[name], {"archived": True})
    projects.shift(ada, ids["b"], -1)
    projects.shift(ada, ids["b"], -1)
    assert (names(ada, archived=False), names(ada, archived=True)) == ("ba", "xy")
    projects.shift(ada, ids["x"], 1)
    assert (names(ada, archived=False), names(ada, archived=True)) == ("ba", "yx")


def test_a_deleted_project_takes_its_tasks_and_brings_back_those_and_no_others(
    ada: Actor,
) -> None:
    [house] = made(ada, "House")
    roof = projects.create_section(ada, project_id=house, name="Roof").id
    task = tasks.create(ada, title="x", section_id=roof).id
    below = tasks.create(ada, title="x", parent_id=task).id
    earlier = tasks.create(ada, title="x", project_id=house).id
    tasks.delete(ada, earlier)
    projects.delete(ada, house)
    assert (names(ada), tasks.list_page(ada).rows) == ("", [])
    assert list(projects.list_sections(ada)) == []
    trash.restore_project(ada, house, keep=KEEP)
    assert {row.id for row in tasks.list_page(ada, Filter(project=house)).rows} == {task, below}
    assert tasks.show(ada, task).section_id == roof
    assert [row.id for row in trash.list_page(ada, keep=KEEP).rows] == [earlier]


def test_a_task_of_a_deleted_project_comes_back_to_the_inbox(ada: Actor) -> None:
    [house] = made(ada, "House")
    roof = projects.create_section(ada, project_id=house, name="Roof").id
    task = tasks.create(ada, title="x", section_id=roof).id
    projects.delete(ada, house)
    now = trash.restore(ada, task, keep=KEEP)
    assert (now.project_id, now.section_id) == (None, None)


def test_a_section_takes_its_tasks_to_another_project_with_all_below_them(ada: Actor) -> None:
    house, garden = made(ada, "House", "Garden")
    roof = projects.create_section(ada, project_id=house, name="Roof").id
    projects.create_section(ada, project_id=garden, name="Beds")
    task = tasks.create(ada, title="x", section_id=roof).id
    below = tasks.create(ada, title="x", parent_id=task).id
    gone = tasks.create(ada, title="x", section_id=roof).id
    tasks.delete(ada, gone)
    beside = tasks.create(ada, title="x", project_id=house).id
    projects.update_section(ada, roof, {"project_id": garden})
    found = {id_: tasks.show(ada, id_) for id_ in (task, below, beside)}
    found[gone] = trash.restore(ada, gone, keep=KEEP)
    assert {id_: (row.project_id, row.section_id) for id_, row in found.items()} == {
        task: (garden, roof),
        below: (garden, None),
        gone: (garden, roof),
        beside: (house, None),
    }
    assert [row.name for row in projects.list_sections(ada, garden)] == ["Beds", "Roof"]


def test_sections_are_moved_and_shifted_in_their_own_project_only(ada: Actor) -> None:
    house, garden = made(ada, "House", "Garden")
    a, b, c = (projects.create_section(ada, project_id=house, name=name).id for name in "abc")
    other = projects.create_section(ada, project_id=garden, name="d").id
    projects.move_section(ada, c, a)
    projects.shift_section(ada, b, -1)
    projects.shift_section(ada, a, -1)
    assert "".join(row.name for row in projects.list_sections(ada, house)) == "abc"
    with pytest.raises(RuleViolation) as refused:
        projects.move_section(ada, a, other)
    assert [(each.field, each.code) for each in refused.value.faults] == [("after", "no_such")]


def test_a_removed_section_leaves_its_tasks_and_undone_has_them_again(ada: Actor) -> None:
    [house] = made(ada, "House")
    roof = projects.create_section(ada, project_id=house, name="Roof")
    task = tasks.create(ada, title="x", section_id=roof.id).id
    projects.delete_section(ada, roof.id)
    now = tasks.show(ada, task)
    assert (now.project_id, now.section_id) == (house, None)
    history.undo(ada, ada.acts[-1])
    assert tasks.show(ada, task).section_id == roof.id
    assert projects.show_section(ada, roof.id).name == "Roof"


def test_a_section_is_part_of_a_project_of_ones_own_in_use(ada: Actor, eve: Actor) -> None:
    [house, gone], [hers] = made(ada, "House", "Gone"), made(eve, "Hers")
    section = projects.create_section(ada, project_id=house, name="Roof").id
    projects.delete(ada, gone)
    for id_ in (gone, hers):
        with pytest.raises(RuleViolation):
            projects.create_section(ada, project_id=id_, name="x")
        with pytest.raises(RuleViolation):
            projects.update_section(ada, section, {"project_id": id_})
    assert [row.project_id for row in projects.list_sections(ada)] == [house]


# fmt: off
VERBS = [
    lambda actor, project, section: projects.show(actor, project),
    lambda actor, project, section: projects.update(actor, project, {"name": "x"}),
    lambda actor, project, section: projects.move(actor, project, None),
    lambda actor, project, section: projects.shift(actor, project, 1),
    lambda actor, project, section: projects.delete(actor, project),
    lambda actor, project, section: projects.show_section(actor, section),
    lambda actor, project, section: projects.update_section(actor, section, {"name": "x"}),
    lambda actor, project, section: projects.move_section(actor, section, None),
    lambda actor, project, section: projects.shift_section(actor, section, 1),
    lambda actor, project, section: projects.delete_section(actor, section),
]
# fmt: on


@pytest.mark.parametrize("verb", VERBS)
def test_to_a_stranger_and_in_the_trash_nothing_of_it_is_there(
    ada: Actor, eve: Actor, verb: Any
) -> None:
    [project] = made(ada, "House")
    section = projects.create_section(ada, project_id=project, name="Roof").id
    with pytest.raises(NotFound):
        verb(eve, project, section)
    assert projects.show(ada, project).version == 1
    assert projects.show_section(ada, section).version == 1
    projects.delete(ada, project)
    with pytest.raises(NotFound):
        verb(ada, project, section)


def test_a_version_that_was_not_seen_is_left_alone(ada: Actor) -> None:
    [project] = made(ada, "House")
    section = projects.create_section(ada, project_id=project, name="Roof").id
    stale = [2]
    with pytest.raises(StaleVersion):
        projects.update(ada, project, {"name": "x"}, seen=stale)
    with pytest.raises(StaleVersion):
        projects.delete(ada, project, seen=stale)
    with pytest.raises(StaleVersion):
        projects.update_section(ada, section, {"name": "x"}, seen=stale)
    with pytest.raises(StaleVersion):
        projects.delete_section(ada, section, seen=stale)
    assert (names(ada), len(projects.list_sections(ada))) == ("House", 1)

"""taskapp/services/demo.py"""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from taskapp.db import AnyRow, now
from taskapp.domain import dates
from taskapp.domain.actors import Actor
from taskapp.domain.tasks import PRIORITIES
from taskapp.services import accounts, demo, labels, projects, tasks
from taskapp.services.demo import TASKS, Thing
from taskapp.services.filters import Filter


def every(things: tuple[Thing, ...] = TASKS) -> Iterator[Thing]:
    """All tasks of the demonstration, each before its subtasks."""
    for thing in things:
        yield thing
        yield from every(thing.subtasks)


def listed(actor: Actor, filter_: Filter, sort: str = "created_at") -> list[AnyRow]:
    """The tasks that a filter lets through."""
    return list(tasks.list_page(actor, filter_, sort=sort).rows)


def test_the_demonstration_is_what_a_person_would_have_made(ada: Actor, eve: Actor) -> None:
    things = list(every())
    assert demo.fill(ada) == len(things) == len({thing.title for thing in things})
    found = listed(ada, Filter())
    assert [(each.title, each.description, each.priority) for each in found] == [
        (thing.title, thing.description, thing.priority) for thing in things
    ]
    done = {thing.title for thing in things if thing.completed}
    assert {each.title for each in found if each.completed} == done
    assert all((each.completed_at is not None) is each.completed for each in found)
    assert all(each.completed_at > each.created_at for each in found if each.completed)
    assert {each.priority for each in found} == set(PRIORITIES)
    assert listed(eve, Filter()) == []
    assert labels.list_all(eve) == projects.list_all(eve) == []


@pytest.mark.parametrize("zone_name", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_every_view_has_something_to_show(ada: Actor, zone_name: str) -> None:
    accounts.change_settings(ada, {"time_zone": zone_name})
    demo.fill(ada)
    today = dates.today(zone_name, now())
    tomorrow, week = today + timedelta(days=1), today + timedelta(days=7)
    there = Filter(completed=False, started_by=today, archived=False)
    assert listed(ada, Filter(completed=False, due_to=today - timedelta(days=1)))
    for day in (today, tomorrow, week):
        assert listed(ada, Filter(completed=False, due_from=day, due_to=day, started_by=today))
    timed = [each for each in listed(ada, there) if each.due_at]
    assert {each.due_at.astimezone(ZoneInfo(zone_name)).date() for each in timed} >= {
        today,
        tomorrow,
    }
    assert [each for each in listed(ada, Filter()) if each.start_on and each.start_on > today]
    assert listed(ada, Filter(completed=False, project="inbox"))
    assert listed(ada, Filter(), "-completed_at")
    assert {each.depth for each in listed(ada, Filter())} == {0, 1, 2}
    for label in labels.list_all(ada):
        assert listed(ada, Filter(label=label.id)), label.name


def test_it_has_projects_with_sections_one_of_which_is_archived(ada: Actor) -> None:
    demo.fill(ada)
    found = projects.list_all(ada)
    assert [(each.name, each.color, each.archived) for each in found] == [
        (name, color, archived) for name, color, archived, _ in demo.PROJECTS
    ]
    assert [each.archived for each in found].count(True) == 1
    for project, (_, _, _, names) in zip(found, demo.PROJECTS, strict=True):
        sections = projects.list_sections(ada, project.id)
        assert [each.name for each in sections] == list(names)
        assert listed(ada, Filter(project=project.id))
        for section in sections:
            assert listed(ada, Filter(section=section.id)), section.name


def test_filling_twice_adds_a_second_set_under_the_same_labels(ada: Actor) -> None:
    count = demo.fill(ada)
    demo.fill(ada)
    assert len(listed(ada, Filter())) == 2 * count
    assert len(projects.list_all(ada)) == 2 * len(demo.PROJECTS)
    assert {(each.name, each.color) for each in labels.list_all(ada)} == set(demo.LABELS)
    assert len(labels.list_all(ada)) == len(demo.LABELS)

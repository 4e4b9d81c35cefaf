"""taskapp/services/demo.py"""

from taskapp.domain.actors import Actor
from taskapp.services import demo, tasks


def test_the_demonstration_is_what_a_person_would_have_made(ada: Actor, eve: Actor) -> None:
    assert demo.fill(ada) == len(demo.TASKS)
    found = tasks.list_page(ada, sort="created_at").rows
    assert [(task.title, task.description, task.completed) for task in found] == list(demo.TASKS)
    assert {task.completed for task in found} == {True, False}
    assert all((task.updated_at > task.created_at) is task.completed for task in found)
    assert tasks.list_page(eve).rows == []


def test_filling_twice_adds_a_second_set(ada: Actor) -> None:
    demo.fill(ada)
    demo.fill(ada)
    assert len(tasks.list_page(ada).rows) == 2 * len(demo.TASKS)

"""taskapp/services/tasks.py"""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from taskapp.db import AnyRow, now, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.dates import UNDATED
from taskapp.domain.errors import NotFound, RuleViolation, StaleVersion
from taskapp.models import Task
from taskapp.services import glance, paging, tasks
from taskapp.services.filters import ORDERS, Filter
from taskapp.services.tasks import Counts

FIELDS = [column.name for column in Task.__table__.columns]

# Few values, so that equal ones meet, beside any at all.
a_line = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200)
titles = st.sampled_from(["one", " one ", "two"]) | a_line.filter(lambda text: bool(text.strip()))
a_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
descriptions = st.sampled_from([None, "", "one", " one ", "a\r\nb\tc"]) | a_text
values = st.fixed_dictionaries(
    {"title": titles, "description": descriptions, "completed": st.booleans()}
)
changes = st.fixed_dictionaries(
    {}, optional={"title": titles, "description": descriptions, "completed": st.booleans()}
)
in_one_database = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def as_dict(thing: Task | AnyRow) -> dict[str, Any]:
    """All columns of a model or of a row."""
    return {name: getattr(thing, name) for name in FIELDS}


def test_what_is_created_is_what_is_shown(ada: Actor) -> None:
    task = tasks.create(ada, title=" Write ", description=" kept ", completed=True)
    shown = tasks.show(ada, task.id)
    assert as_dict(shown) == as_dict(task)
    assert (shown.user_id, shown.title, shown.description) == (ada.id, "Write", " kept ")
    assert (shown.completed, shown.version) == (True, 1)
    assert shown.created_at == shown.updated_at == shown.completed_at
    assert abs(shown.created_at - now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("completed", "expected"),
    [(None, Counts(2, 1)), (False, Counts(2, 0)), (True, Counts(0, 1))],
)
def test_what_a_filter_lets_through_is_counted_and_nothing_else(
    ada: Actor, completed: bool | None, expected: Counts
) -> None:
    for done in (False, False, True):
        tasks.create(ada, title="a", completed=done)
    filter_ = Filter(completed=completed)
    assert tasks.count(ada, filter_) == expected
    assert glance.look(ada, now().date(), filter_).counts == expected


@in_one_database
@given(values, changes)
def test_a_change_sets_what_it_names_and_keeps_the_rest(
    ada: Actor, before: dict[str, Any], named: dict[str, Any]
) -> None:
    task_id = tasks.create(ada, **before).id
    old = as_dict(tasks.show(ada, task_id))
    answered = as_dict(tasks.update(ada, task_id, named))
    new = as_dict(tasks.show(ada, task_id))

    assert answered == new
    wanted = old | named
    wanted["title"] = wanted["title"].strip()
    if wanted == old:
        assert new == old
    else:
        if wanted["completed"] != old["completed"]:
            wanted["completed_at"] = new["updated_at"] if wanted["completed"] else None
        assert new.pop("updated_at") > old["updated_at"]
        assert new.pop("version") == old["version"] + 1
        assert new == {name: wanted[name] for name in new}


def test_every_real_change_moves_updated_at_and_the_version_by_one(ada: Actor) -> None:
    task_id = tasks.create(ada, title="0").id
    seen = [tasks.show(ada, task_id)]
    for named in (
        {"title": "1"},
        {"description": "x"},
        {"description": None},
        {"completed": True},
        {"title": "2", "description": "y", "completed": False},
    ):
        tasks.update(ada, task_id, named)
        seen.append(tasks.show(ada, task_id))
    assert [task.version for task in seen] == [1, 2, 3, 4, 5, 6]
    moments = [task.updated_at for task in seen]
    assert moments == sorted(set(moments))
    assert len({task.created_at for task in seen}) == 1


@pytest.mark.parametrize("named", [{}, {"title": " x "}, {"completed": False, "title": "x"}])
def test_what_is_already_so_is_no_change(ada: Actor, named: dict[str, Any]) -> None:
    task = tasks.create(ada, title="x")
    before = as_dict(tasks.show(ada, task.id))
    assert as_dict(tasks.update(ada, task.id, named, seen={1})) == before
    assert as_dict(tasks.complete(ada, task.id, completed=False)) == before
    assert as_dict(tasks.show(ada, task.id)) == before


def test_completing_turns_a_task_round_or_sets_it(ada: Actor) -> None:
    task_id = tasks.create(ada, title="x").id
    states = [tasks.complete(ada, task_id, each) for each in (None, None, True, True, False, None)]
    assert states[-1].completed is True
    assert tasks.show(ada, task_id).version == 6  # the second True changed nothing


def test_each_turn_is_answered_as_it_was_stored(ada: Actor) -> None:
    task_id = tasks.create(ada, title="x").id
    for expected in (True, False, True):
        answered = as_dict(tasks.complete(ada, task_id))
        assert answered["completed"] is expected
        assert answered == as_dict(tasks.show(ada, task_id))


def test_a_deleted_task_is_gone(ada: Actor) -> None:
    task_id = tasks.create(ada, title="x").id
    tasks.delete(ada, task_id)
    for verb in VERBS.values():
        with pytest.raises(NotFound):
            verb(ada, task_id)


VERBS: dict[str, Any] = {
    "show": tasks.show,
    "update": lambda actor, task_id, **more: tasks.update(actor, task_id, {"title": "y"}, **more),
    "update nothing": lambda actor, task_id, **more: tasks.update(actor, task_id, {}, **more),
    "turn round": tasks.complete,
    "complete": lambda actor, task_id, **more: tasks.complete(actor, task_id, True, **more),
    "delete": tasks.delete,
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_to_a_stranger_a_task_is_not_there(ada: Actor, eve: Actor, verb: Any) -> None:
    task = tasks.create(ada, title="x")
    before = as_dict(tasks.show(ada, task.id))
    with pytest.raises(NotFound) as stranger:
        verb(eve, task.id)
    with pytest.raises(NotFound) as missing:
        verb(eve, task.id + 1000)
    assert stranger.value.message == missing.value.message
    assert as_dict(tasks.show(ada, task.id)) == before
    assert tasks.list_page(eve).rows == []


@pytest.mark.parametrize("verb", [v for k, v in VERBS.items() if k != "show"])
@pytest.mark.parametrize("seen", [set(), {1}, {3}, {1, 3}])
def test_a_version_that_was_not_seen_is_left_alone(ada: Actor, verb: Any, seen: set[int]) -> None:
    task_id = tasks.create(ada, title="x").id
    before = as_dict(tasks.complete(ada, task_id))
    with pytest.raises(StaleVersion):
        verb(ada, task_id, seen=seen)
    assert as_dict(tasks.show(ada, task_id)) == before
    verb(ada, task_id, seen={1, 2})


def test_staleness_tells_a_stranger_nothing(ada: Actor, eve: Actor) -> None:
    task_id = tasks.create(ada, title="x").id
    with pytest.raises(NotFound):
        tasks.delete(eve, task_id, seen={99})


def test_every_fault_is_named_and_nothing_is_stored(ada: Actor) -> None:
    bad: dict[str, Any] = {"title": " ", "description": "x" * 10_001}
    with pytest.raises(RuleViolation) as refused:
        tasks.create(ada, **bad)
    faults = [(fault.field, fault.code) for fault in refused.value.faults]
    assert faults == [("title", "blank"), ("description", "too_long")]

    task_id = tasks.create(ada, title="x").id
    with pytest.raises(RuleViolation) as refused:
        tasks.update(ada, task_id, bad | {"completed": True})
    assert [(fault.field, fault.code) for fault in refused.value.faults] == faults
    assert all(fault.message for fault in refused.value.faults)
    assert [as_dict(task)["version"] for task in tasks.list_page(ada).rows] == [1]
    assert tasks.show(ada, task_id).completed is False


# ---------------------------------------------------------------- list_page

SORTS = [f"{sign}{name}" for sign in ("", "-") for name in ORDERS]


@pytest.fixture
def shelf(ada: Actor, eve: Actor) -> list[dict[str, Any]]:
    """Tasks of Ada's in which every order has ties; and one of Eve's, in the midst."""
    moment = now()
    rows = [
        {
            "user_id": ada.id,
            "title": title,
            "completed": completed,
            "created_at": moment + timedelta(seconds=created),
            "updated_at": moment + timedelta(days=1, microseconds=-updated),
            "rank": f"a{updated}",
            "agenda": f"2026-02-0{created}T24:00" if created else UNDATED,
            # Of some it is not known when they were completed: then it is when they were made.
            "completed_at": moment + timedelta(seconds=2) if completed and updated else None,
        }
        for (title, completed), created, updated in zip(
            product(["banana", "apple", "Apple", "BANANA", "cherry", "APPLE"], [True, False]),
            [0, 1, 0, 2, 2, 1, 0, 0, 5, 5, 5, 1],
            [3, 3, 1, 1, 1, 0, 3, 2, 2, 0, 0, 9],
            strict=True,
        )
    ]
    rows.append(rows[0] | {"user_id": eve.id})
    with transaction() as session:
        session.execute(insert(Task), rows)
    return [as_dict(task) for task in tasks.list_page(ada, limit=500).rows]


def in_order(rows: list[dict[str, Any]], sort: str) -> list[int]:
    """The ids as they should be listed."""
    name = sort.removeprefix("-")

    def key(row: dict[str, Any]) -> tuple[Any, int]:
        if name == "completed_at":
            return row["completed_at"] or row["created_at"], row["id"]
        value = row["agenda" if name == "due" else name]
        return (value.lower() if name == "title" else value, row["id"])

    listed = [row for row in rows if row["completed"] or name != "completed_at"]
    return [row["id"] for row in sorted(listed, key=key, reverse=sort.startswith("-"))]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("completed", [None, True, False])
@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_pages_follow_one_another_in_every_order_and_filter(
    ada: Actor, shelf: list[dict[str, Any]], sort: str, completed: bool | None, limit: int
) -> None:
    assert len(shelf) == 12
    wanted = in_order([row for row in shelf if completed in (None, row["completed"])], sort)
    found, after = [], None
    for _ in range(20):
        page = tasks.list_page(ada, Filter(completed), sort=sort, limit=limit, after=after)
        assert min(1, len(wanted)) <= len(page.rows) <= limit
        found += [task.id for task in page.rows]
        after = page.end
        if after is None:
            break
        assert len(page.rows) == limit
    assert found == wanted


@pytest.mark.parametrize("completed", [None, True, False])
@pytest.mark.parametrize("q", ["", "APPLE", "an b", "nothing", "%"])
def test_a_task_passes_when_the_list_would_have_it(
    ada: Actor, eve: Actor, shelf: list[dict[str, Any]], completed: bool | None, q: str
) -> None:
    filter_ = Filter(completed, q)
    listed = {task.id for task in tasks.list_page(ada, filter_).rows}
    for row in shelf:
        task = tasks.update(ada, row["id"], {})
        assert tasks.passes(ada, task, filter_) == (task.id in listed)
        assert not (q and tasks.passes(eve, task, filter_))


def test_the_newest_come_first_by_default(ada: Actor, shelf: list[dict[str, Any]]) -> None:
    found = [task.id for task in tasks.list_page(ada).rows]
    assert found == in_order(shelf, "-created_at")


@pytest.mark.parametrize(
    ("limit", "shown", "more"), [(11, 11, True), (12, 12, False), (13, 12, False)]
)
def test_there_is_a_next_page_only_while_there_is_more(
    ada: Actor, shelf: list[dict[str, Any]], limit: int, shown: int, more: bool
) -> None:
    page = tasks.list_page(ada, limit=limit)
    assert len(page.rows) == shown
    assert (page.end is not None) is more


def test_a_list_without_tasks_is_one_empty_page(ada: Actor) -> None:
    assert tasks.list_page(ada, limit=1) == paging.Page([], None)


def test_a_place_holds_although_its_task_is_gone(ada: Actor, shelf: list[dict[str, Any]]) -> None:
    first = tasks.list_page(ada, sort="title", limit=4)
    tasks.delete(ada, first.rows[-1].id)
    rest = tasks.list_page(ada, sort="title", after=first.end)
    assert [task.id for task in rest.rows] == in_order(shelf, "title")[4:]

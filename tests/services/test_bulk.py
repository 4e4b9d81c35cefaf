"""Many tasks at once, and taking an act back."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from taskapp.db import fetch
from taskapp.domain.actors import Actor
from taskapp.models import Task
from taskapp.services import accounts, bulk, tasks
from taskapp.services.bulk import Act
from taskapp.services.tasks import Filter

pytestmark = pytest.mark.usefixtures("context")

ACTS: list[Act] = ["complete", "reopen", "delete"]
# What taking an act back does not bring back: it is a change like any other.
MARKS = ("version", "updated_at")

KEEP = timedelta(days=30)


def somebody() -> Actor:
    """A new account."""
    user = accounts.sign_up(f"{secrets.token_hex(8)}@example.com", "a long road", rounds=4)
    return Actor(user.id)


def add(actor: Actor, title: str = "Write to Grace", *, completed: bool = False) -> int:
    """A new task's id."""
    return tasks.create(actor, title=title, completed=completed).id


def rows(actor: Actor) -> dict[int, dict[str, Any]]:
    """All that is stored of somebody's tasks, the trash included, by their ids."""
    query = select(Task.__table__).where(Task.user_id == actor.id)
    return {row.id: dict(row._mapping) for row in fetch(query)}


def without_marks(stored: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The same, but for version and time of the last change."""
    return {
        id_: {name: value for name, value in row.items() if name not in MARKS}
        for id_, row in stored.items()
    }


def changed(before: dict[int, dict[str, Any]], after: dict[int, dict[str, Any]]) -> set[int]:
    """The ids of the tasks that differ in anything at all."""
    return {id_ for id_ in before | after if before.get(id_) != after.get(id_)}


@pytest.mark.parametrize(
    ("act", "was", "is_"), [("complete", False, True), ("reopen", True, False)]
)
def test_tasks_are_completed_and_reopened_by_their_ids(act: Act, was: bool, is_: bool) -> None:
    actor = somebody()
    first, second, other = (add(actor, completed=was) for _ in range(3))
    before = rows(actor)

    done = bulk.act_on(actor, act, [first, second])

    after = rows(actor)
    assert (done.act, done.count) == (act, 2)
    assert changed(before, after) == {first, second}
    for id_ in (first, second):
        marks = {"version": before[id_]["version"] + 1, "updated_at": done.moment}
        assert after[id_] == before[id_] | marks | {"completed": is_}
    assert after[other] == before[other]


def test_tasks_are_deleted_whether_done_or_open() -> None:
    actor = somebody()
    first, second, other = add(actor), add(actor, completed=True), add(actor)
    done = bulk.act_on(actor, "delete", [first, second])
    assert done.count == 2
    assert {id_: row["deleted_at"] for id_, row in rows(actor).items()} == {
        first: done.moment,
        second: done.moment,
        other: None,
    }


@pytest.mark.parametrize(
    ("filter_", "titles"),
    [
        (Filter(), {"open letter", "open call", "done letter"}),
        (Filter(completed=False), {"open letter", "open call"}),
        (Filter(completed=True), {"done letter"}),
        (Filter(q="LETTER"), {"open letter", "done letter"}),
        (Filter(completed=False, q="letter"), {"open letter"}),
        (Filter(q="%"), set()),
    ],
)
def test_all_that_a_filter_lets_through_are_deleted(filter_: Filter, titles: set[str]) -> None:
    actor = somebody()
    add(actor, "open letter")
    add(actor, "open call")
    add(actor, "done letter", completed=True)
    done = bulk.act_on(actor, "delete", filter_)
    assert done.count == len(titles)
    assert {row["title"] for row in rows(actor).values() if row["deleted_at"]} == titles


@pytest.mark.parametrize("act", ACTS)
def test_others_tasks_are_passed_over(act: Act) -> None:
    actor, stranger = somebody(), somebody()
    theirs = [add(stranger), add(stranger, completed=True)]
    before = rows(stranger)
    mine = add(actor, completed=act == "reopen")

    assert bulk.act_on(actor, act, [*theirs, mine, 0, -1, 2**63 - 1]).count == 1
    bulk.act_on(actor, act, Filter())
    assert rows(stranger) == before


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("by_filter", [True, False])
def test_what_is_in_the_trash_is_left_there_untouched(act: Act, by_filter: bool) -> None:
    actor = somebody()
    trashed = add(actor, completed=act == "reopen")
    tasks.delete(actor, trashed)
    before = rows(actor)
    assert bulk.act_on(actor, act, Filter() if by_filter else [trashed]).count == 0
    assert rows(actor) == before


@pytest.mark.parametrize("act", ["complete", "reopen"])
def test_what_is_so_already_is_not_touched(act: Act) -> None:
    actor = somebody()
    so, other = add(actor, completed=act == "complete"), add(actor, completed=act == "reopen")
    before = rows(actor)
    assert bulk.act_on(actor, act, [so, other]).count == 1
    assert changed(before, rows(actor)) == {other}
    assert bulk.act_on(actor, act, Filter()).count == 0
    assert changed(before, rows(actor)) == {other}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_chosen_is_nothing_done(act: Act) -> None:
    actor = somebody()
    add(actor, completed=act == "reopen")
    before = rows(actor)
    assert bulk.act_on(actor, act, []).count == 0
    assert rows(actor) == before


@pytest.mark.parametrize("act", ACTS)
def test_undoing_brings_back_just_what_was(act: Act) -> None:
    actor = somebody()
    chosen = [add(actor), add(actor, completed=True), add(actor)]
    add(actor, completed=True)
    before = rows(actor)

    done = bulk.act_on(actor, act, chosen)
    after = rows(actor)
    count = bulk.undo(actor, act, done.moment, keep=KEEP)

    undone = rows(actor)
    assert count == done.count == {"complete": 2, "reopen": 1, "delete": 3}[act]
    assert without_marks(undone) == without_marks(before)
    assert changed(after, undone) == changed(before, after)
    for id_ in changed(after, undone):
        assert undone[id_]["version"] == after[id_]["version"] + 1
        assert undone[id_]["updated_at"] > done.moment


@pytest.mark.parametrize("act", ACTS)
def test_undoing_twice_does_nothing_more(act: Act) -> None:
    actor = somebody()
    done = bulk.act_on(actor, act, [add(actor, completed=act == "reopen")])
    assert bulk.undo(actor, act, done.moment, keep=KEEP) == 1
    before = rows(actor)
    assert bulk.undo(actor, act, done.moment, keep=KEEP) == 0
    assert rows(actor) == before


@pytest.mark.parametrize("act", ["complete", "reopen"])
def test_undoing_leaves_alone_what_has_changed_since(act: Act) -> None:
    actor = somebody()
    edited, deleted, turned, same = (add(actor, completed=act == "reopen") for _ in range(4))
    done = bulk.act_on(actor, act, [edited, deleted, turned, same])
    tasks.update(actor, edited, {"title": "Another title"})
    tasks.delete(actor, deleted)
    tasks.complete(actor, turned)
    before = rows(actor)
    assert bulk.undo(actor, act, done.moment, keep=KEEP) == 1
    assert changed(before, rows(actor)) == {same}


def test_undoing_a_deletion_leaves_what_was_deleted_otherwise_in_the_trash() -> None:
    actor = somebody()
    earlier, first, second = add(actor), add(actor), add(actor)
    tasks.delete(actor, earlier)
    done = bulk.act_on(actor, "delete", [first, second])
    bulk.undo(actor, "delete", done.moment, keep=KEEP)
    again = bulk.act_on(actor, "delete", [first])
    before = rows(actor)
    assert bulk.undo(actor, "delete", done.moment, keep=KEEP) == 0
    assert rows(actor) == before
    assert before[first]["deleted_at"] == again.moment
    assert before[earlier]["deleted_at"] is not None


@pytest.mark.parametrize("act", ACTS)
def test_undoing_reaches_nobody_elses_tasks(act: Act) -> None:
    actor, stranger = somebody(), somebody()
    done = bulk.act_on(stranger, act, [add(stranger, completed=act == "reopen")])
    before = rows(stranger)
    assert bulk.undo(actor, act, done.moment, keep=KEEP) == 0
    assert rows(stranger) == before


@pytest.mark.parametrize("act", ACTS)
def test_another_act_of_that_instant_is_not_undone(act: Act) -> None:
    actor = somebody()
    done = bulk.act_on(actor, act, [add(actor, completed=act == "reopen")])
    before = rows(actor)
    for other in ACTS:
        if other != act:
            assert bulk.undo(actor, other, done.moment, keep=KEEP) == 0
    assert bulk.undo(actor, act, datetime(2020, 1, 1, tzinfo=UTC), keep=KEEP) == 0
    assert rows(actor) == before


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    made=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8),
    picked=st.one_of(
        st.sets(st.integers(0, 9)), st.builds(Filter, st.sampled_from([None, True, False]))
    ),
    act=st.sampled_from(ACTS),
    edited=st.sets(st.integers(0, 9)),
)
def test_an_act_and_its_undoing_leave_all_else_as_it_was(
    made: list[tuple[bool, bool]],
    picked: set[int] | Filter,
    act: Act,
    edited: set[int],
) -> None:
    """Some tasks, some of them done or in the trash; an act on some; others edit; then undo."""
    actor = somebody()
    ids = [add(actor, str(number), completed=done) for number, (done, _) in enumerate(made)]
    for id_, (_, is_deleted) in zip(ids, made, strict=True):
        if is_deleted:
            tasks.delete(actor, id_)
    chosen: Collection[int] | Filter = (
        picked
        if isinstance(picked, Filter)
        else [ids[number] for number in picked if number < len(ids)]
    )
    before = rows(actor)

    done = bulk.act_on(actor, act, chosen)

    acted_on = changed(before, rows(actor))
    assert done.count == len(acted_on)
    assert all(before[id_]["deleted_at"] is None for id_ in acted_on)
    by_another_hand = {ids[number] for number in edited if number < len(ids)}
    by_another_hand &= {id_ for id_, row in rows(actor).items() if row["deleted_at"] is None}
    for id_ in by_another_hand:
        tasks.update(actor, id_, {"description": "edited"})
    between = rows(actor)

    count = bulk.undo(actor, act, done.moment, keep=KEEP)

    expected = acted_on - by_another_hand
    after = rows(actor)
    assert count == len(expected)
    assert changed(between, after) == expected
    restored = {id_: before[id_] for id_ in expected}
    assert without_marks({id_: after[id_] for id_ in expected}) == without_marks(restored)

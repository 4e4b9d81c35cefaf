"""taskapp/services/bulk.py: many tasks at once, and taking that back."""

import secrets
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from taskapp.db import fetch
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict, NotFound, RuleViolation
from taskapp.models import Task
from taskapp.services import accounts, bulk, history, labels, projects, tasks, trash
from taskapp.services.bulk import Deed
from taskapp.services.filters import Filter

pytestmark = pytest.mark.usefixtures("context")

DEEDS: list[Deed] = ["complete", "reopen", "delete", "update"]
# What "update" gives, which no task has at first.
VALUES: dict[str, Any] = {"priority": "high"}
# What taking an act back does not bring back: it is a change like any other.
MARKS = ("version", "updated_at")


def somebody() -> Actor:
    """A new account."""
    user = accounts.sign_up(f"{secrets.token_hex(8)}@example.com", "a long road", rounds=4)
    return Actor(user.id)


def add(actor: Actor, title: str = "Write to Grace", **more: Any) -> int:
    """A new task's id."""
    id_: int = tasks.create(actor, title=title, **more).id
    return id_


def act_on(actor: Actor, deed: Deed, filter_: Filter) -> int:
    """Do it, with values if it wants some."""
    return bulk.act_on(actor, deed, filter_, values=VALUES if deed == "update" else None)


def undo_last(actor: Actor) -> int:
    """Take back what was done last."""
    return history.undo(actor, actor.acts[-1])


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
    ("deed", "was", "is_"), [("complete", False, True), ("reopen", True, False)]
)
def test_tasks_are_completed_and_reopened_by_their_ids(deed: Deed, was: bool, is_: bool) -> None:
    actor = somebody()
    first, second, other = (add(actor, completed=was) for _ in range(3))
    before = rows(actor)

    assert act_on(actor, deed, Filter(ids=[first, second])) == 2

    after = rows(actor)
    assert changed(before, after) == {first, second}
    moment = after[first]["updated_at"]
    assert moment > before[other]["updated_at"]
    for id_ in (first, second):
        marks = {"version": before[id_]["version"] + 1, "updated_at": moment}
        state = {"completed": is_, "completed_at": moment if is_ else None}
        assert after[id_] == before[id_] | marks | state
    assert after[other] == before[other]


def test_tasks_are_deleted_whether_done_or_open() -> None:
    actor = somebody()
    first, second, other = add(actor), add(actor, completed=True), add(actor)
    assert act_on(actor, "delete", Filter(ids=[first, second])) == 2
    after = rows(actor)
    moment = after[first]["updated_at"]
    assert {id_: row["deleted_at"] for id_, row in after.items()} == {
        first: moment,
        second: moment,
        other: None,
    }


def test_tasks_are_given_the_same_values_and_keep_the_labels_that_they_have() -> None:
    actor = somebody()
    mine, new = (labels.create(actor, name=name).id for name in ("mine", "new"))
    project = projects.create(actor, name="House").id
    first, second = add(actor, labels=[mine]), add(actor)
    values = {"labels": [new], "project_id": project, "priority": "low"}
    assert bulk.act_on(actor, "update", Filter(ids=[first, second]), values=values) == 2
    assert tasks.show(actor, first).labels == [mine, new]
    assert tasks.show(actor, second).labels == [new]
    for id_ in (first, second):
        task = tasks.show(actor, id_)
        assert (task.project_id, task.priority, task.version) == (project, "low", 2)


@pytest.mark.parametrize("name", ["title", "description", "completed", "parent_id"])
def test_what_is_each_tasks_own_cannot_be_given_to_many(name: str) -> None:
    actor = somebody()
    add(actor)
    before = rows(actor)
    given = {"title": "x", "description": "x", "completed": True, "parent_id": 1}
    with pytest.raises(RuleViolation) as refused:
        bulk.act_on(actor, "update", Filter(), values={name: given[name], "priority": "low"})
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(name, "single")]
    assert rows(actor) == before


@pytest.mark.parametrize("deed", DEEDS)
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
def test_it_is_done_to_all_that_a_filter_lets_through(
    deed: Deed, filter_: Filter, titles: set[str]
) -> None:
    actor = somebody()
    add(actor, "open letter")
    add(actor, "open call")
    add(actor, "done letter", completed=True)
    before = rows(actor)
    already = {"complete": {"done letter"}, "reopen": {"open letter", "open call"}}.get(deed, set())
    assert act_on(actor, deed, filter_) == len(titles - already)
    after = rows(actor)
    assert {after[id_]["title"] for id_ in changed(before, after)} == titles - already


@pytest.mark.parametrize("deed", DEEDS)
def test_others_tasks_are_passed_over(deed: Deed) -> None:
    actor, stranger = somebody(), somebody()
    theirs = [add(stranger), add(stranger, completed=True)]
    before = rows(stranger)
    mine = add(actor, completed=deed == "reopen")

    assert act_on(actor, deed, Filter(ids=[*theirs, mine, 0, -1, 2**63 - 1])) == 1
    act_on(actor, deed, Filter())
    assert rows(stranger) == before


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("by_filter", [True, False])
def test_what_is_in_the_trash_is_left_there_untouched(deed: Deed, by_filter: bool) -> None:
    actor = somebody()
    trashed = add(actor, completed=deed == "reopen")
    tasks.delete(actor, trashed)
    before = rows(actor)
    assert act_on(actor, deed, Filter() if by_filter else Filter(ids=[trashed])) == 0
    assert rows(actor) == before


@pytest.mark.parametrize("deed", ["complete", "reopen", "update"])
def test_what_is_so_already_is_not_touched(deed: Deed) -> None:
    actor = somebody()
    so = add(actor, completed=deed == "complete", **VALUES if deed == "update" else {})
    other = add(actor, completed=deed == "reopen")
    before = rows(actor)
    assert act_on(actor, deed, Filter(ids=[so, other])) == 1
    assert changed(before, rows(actor)) == {other}
    acts = list(actor.acts)
    assert act_on(actor, deed, Filter()) == 0
    assert changed(before, rows(actor)) == {other}
    assert actor.acts == acts


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_chosen_is_nothing_done(deed: Deed) -> None:
    actor = somebody()
    add(actor, completed=deed == "reopen")
    before, acts = rows(actor), list(actor.acts)
    assert act_on(actor, deed, Filter(ids=[])) == 0
    assert (rows(actor), actor.acts) == (before, acts)


# ---------------------------------------------------------------- subtasks


def test_open_subtasks_that_are_not_chosen_have_to_be_spoken_of() -> None:
    actor = somebody()
    parent = add(actor)
    child = add(actor, parent_id=parent)
    alone = add(actor)
    before = rows(actor)
    with pytest.raises(Conflict) as refused:
        act_on(actor, "complete", Filter(ids=[alone, parent]))
    assert refused.value.code == "subtasks_open"
    assert rows(actor) == before

    assert act_on(actor, "complete", Filter(ids=[parent, child])) == 2
    assert all(rows(actor)[id_]["completed"] for id_ in (parent, child))


@pytest.mark.parametrize(("subtasks", "is_done"), [("complete", True), ("keep", False)])
def test_open_subtasks_are_completed_too_or_kept(subtasks: Any, is_done: bool) -> None:
    actor = somebody()
    parent = add(actor)
    child = add(actor, parent_id=parent)
    grandchild = add(actor, parent_id=child)
    before = rows(actor)
    assert bulk.act_on(actor, "complete", Filter(ids=[parent]), subtasks=subtasks) == 1
    after = rows(actor)
    assert [after[id_]["completed"] for id_ in (parent, child, grandchild)] == [
        True,
        is_done,
        is_done,
    ]
    assert after[child]["parent_id"] == (parent if is_done else None)
    assert after[grandchild]["parent_id"] == child

    undo_last(actor)
    assert without_marks(rows(actor)) == without_marks(before)


def test_reopening_subtasks_reopens_those_above_and_counts_what_was_chosen() -> None:
    actor = somebody()
    parent = add(actor)
    child, other = add(actor, parent_id=parent), add(actor, parent_id=parent)
    bulk.act_on(actor, "complete", Filter(ids=[parent]), subtasks="complete")
    assert act_on(actor, "reopen", Filter(ids=[child])) == 1
    states = {id_: row["completed"] for id_, row in rows(actor).items()}
    assert states == {parent: False, child: False, other: True}
    act_on(actor, "complete", Filter())
    assert act_on(actor, "reopen", Filter(ids=[parent, child])) == 2


def test_subtasks_are_deleted_along_and_come_back_along() -> None:
    actor = somebody()
    parent = add(actor)
    child = add(actor, parent_id=parent)
    before = rows(actor)
    assert act_on(actor, "delete", Filter(ids=[parent])) == 1
    after = rows(actor)
    assert after[child]["deleted_at"] == after[parent]["deleted_at"] is not None
    assert undo_last(actor) == 2
    assert without_marks(rows(actor)) == without_marks(before)


# ---------------------------------------------------------------- taking it back


@pytest.mark.parametrize("deed", DEEDS)
def test_undoing_brings_back_just_what_was(deed: Deed) -> None:
    actor = somebody()
    chosen = [add(actor), add(actor, completed=True), add(actor)]
    add(actor, completed=True)
    before = rows(actor)

    count = act_on(actor, deed, Filter(ids=chosen))
    after = rows(actor)
    back = undo_last(actor)

    undone = rows(actor)
    assert back == count == {"complete": 2, "reopen": 1, "delete": 3, "update": 3}[deed]
    assert without_marks(undone) == without_marks(before)
    assert changed(after, undone) == changed(before, after)
    for id_ in changed(after, undone):
        assert undone[id_]["version"] == after[id_]["version"] + 1
        assert undone[id_]["updated_at"] > after[id_]["updated_at"]


@pytest.mark.parametrize("deed", DEEDS)
def test_undoing_the_undoing_does_it_again(deed: Deed) -> None:
    actor = somebody()
    act_on(actor, deed, Filter(ids=[add(actor, completed=deed == "reopen")]))
    done = rows(actor)
    undo_last(actor)
    assert undo_last(actor) == 1
    again = rows(actor)
    assert without_marks(again) == without_marks(done)


@pytest.mark.parametrize("deed", DEEDS)
def test_undoing_twice_does_nothing_more(deed: Deed) -> None:
    actor = somebody()
    act_on(actor, deed, Filter(ids=[add(actor, completed=deed == "reopen")]))
    act = actor.acts[-1]
    assert history.undo(actor, act) == 1
    before, acts = rows(actor), list(actor.acts)
    assert history.undo(actor, act) == 0
    assert (rows(actor), actor.acts) == (before, acts)


@pytest.mark.parametrize("deed", ["complete", "reopen"])
def test_undoing_leaves_alone_what_has_changed_since(deed: Deed) -> None:
    actor = somebody()
    edited, turned, twice, same = (add(actor, completed=deed == "reopen") for _ in range(4))
    act_on(actor, deed, Filter(ids=[edited, turned, twice, same]))
    act = actor.acts[-1]
    tasks.update(actor, edited, {"title": "Another title"})
    tasks.complete(actor, turned)
    tasks.complete(actor, twice)
    tasks.complete(actor, twice)
    before = rows(actor)
    history.undo(actor, act)
    after = rows(actor)
    # Open again is open again, however often it was turned round; done at another time is not.
    as_it_was = {same, edited} | ({twice} if deed == "reopen" else set())
    assert changed(before, after) == as_it_was
    for id_ in as_it_was:
        assert after[id_]["completed"] is (deed == "reopen")
        assert (after[id_]["completed_at"] is None) is (deed == "complete")
    assert after[edited]["title"] == "Another title"


def test_undoing_a_deletion_leaves_what_was_deleted_otherwise_in_the_trash() -> None:
    actor = somebody()
    earlier, first, second = add(actor), add(actor), add(actor)
    tasks.delete(actor, earlier)
    act_on(actor, "delete", Filter(ids=[first, second]))
    act = actor.acts[-1]
    history.undo(actor, act)
    act_on(actor, "delete", Filter(ids=[first]))
    before = rows(actor)
    assert history.undo(actor, act) == 0
    assert rows(actor) == before
    assert before[first]["deleted_at"] == before[first]["updated_at"]
    assert before[second]["deleted_at"] is None
    assert before[earlier]["deleted_at"] is not None


def test_undoing_a_deletion_brings_back_no_task_that_is_gone_for_good() -> None:
    actor = somebody()
    gone, there = add(actor), add(actor)
    act_on(actor, "delete", Filter())
    act = actor.acts[-1]
    trash.purge(actor, gone)
    assert history.undo(actor, act) == 1
    assert {id_: row["deleted_at"] for id_, row in rows(actor).items()} == {there: None}


@pytest.mark.parametrize("deed", DEEDS)
def test_undoing_reaches_nobody_elses_tasks(deed: Deed) -> None:
    actor, stranger = somebody(), somebody()
    act_on(stranger, deed, Filter(ids=[add(stranger, completed=deed == "reopen")]))
    before = rows(stranger)
    with pytest.raises(NotFound) as strange:
        history.undo(actor, stranger.acts[-1])
    with pytest.raises(NotFound) as missing:
        history.undo(actor, stranger.acts[-1] + 1000)
    assert strange.value.message == missing.value.message
    assert rows(stranger) == before


@pytest.mark.parametrize("deed", DEEDS)
def test_only_the_whole_act_is_undone_and_no_part_or_other(deed: Deed) -> None:
    actor = somebody()
    earlier = add(actor)
    act_on(actor, deed, Filter(ids=[add(actor, completed=deed == "reopen") for _ in range(2)]))
    before = rows(actor)
    with pytest.raises(NotFound):
        history.undo(actor, actor.acts[-1] + 1)  # the second of its changes
    assert rows(actor) == before
    history.undo(actor, actor.acts[0])
    assert changed(before, rows(actor)) == {earlier}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    made=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8),
    picked=st.one_of(
        st.sets(st.integers(0, 9)), st.builds(Filter, st.sampled_from([None, True, False]))
    ),
    deed=st.sampled_from(DEEDS),
    edited=st.sets(st.integers(0, 9)),
)
def test_an_act_and_its_undoing_leave_all_else_as_it_was(
    made: list[tuple[bool, bool]],
    picked: set[int] | Filter,
    deed: Deed,
    edited: set[int],
) -> None:
    """Some tasks, some of them done or in the trash; an act on some; others edit; then undo."""
    actor = somebody()
    ids = [add(actor, str(number), completed=done) for number, (done, _) in enumerate(made)]
    for id_, (_, is_deleted) in zip(ids, made, strict=True):
        if is_deleted:
            tasks.delete(actor, id_)
    chosen = (
        picked
        if isinstance(picked, Filter)
        else Filter(ids=[ids[number] for number in picked if number < len(ids)])
    )
    before = rows(actor)

    count = act_on(actor, deed, chosen)

    acted_on = changed(before, rows(actor))
    assert count == len(acted_on)
    assert all(before[id_]["deleted_at"] is None for id_ in acted_on)
    act = actor.acts[-1] if acted_on else None
    by_another_hand = {ids[number] for number in edited if number < len(ids)}
    by_another_hand &= {id_ for id_, row in rows(actor).items() if row["deleted_at"] is None}
    for id_ in by_another_hand:
        tasks.update(actor, id_, {"description": "edited"})
    between = rows(actor)
    if act is None:
        return

    assert history.undo(actor, act) == len(acted_on)

    after = rows(actor)
    assert changed(between, after) == acted_on
    wanted = {
        id_: before[id_] | ({"description": "edited"} if id_ in by_another_hand else {})
        for id_ in acted_on
    }
    assert without_marks({id_: after[id_] for id_ in acted_on}) == without_marks(wanted)

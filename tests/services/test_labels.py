"""taskapp/services/labels.py"""

from typing import Any

import pytest

from taskapp.db import AnyRow
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict, NotFound, RuleViolation, StaleVersion
from taskapp.services import bulk, history, labels, tasks, trash
from taskapp.services.filters import Filter

from ..ids import level
from ..properties.deeds import KEEP


def names(actor: Actor) -> list[str]:
    """What somebody's labels are called, in their order."""
    return [row.name for row in labels.list_all(actor)]


def test_labels_come_by_name_whatever_the_case(ada: Actor, eve: Actor) -> None:
    labels.create(eve, name="hers")
    for name in ("beta", "Alpha", "gamma", "Beta 2"):
        labels.create(ada, name=name)
    assert names(ada) == ["Alpha", "beta", "Beta 2", "gamma"]


def test_a_name_that_is_taken_in_any_case_changes_nothing(ada: Actor, eve: Actor) -> None:
    labels.create(ada, name="Errand")
    other = labels.create(ada, name="other")
    before = history.position(ada)
    with pytest.raises(Conflict) as refused:
        labels.create(ada, name="ERRAND")
    assert refused.value.code == "name_taken"
    with pytest.raises(Conflict) as refused:
        labels.update(ada, other.id, {"name": " errand", "color": "red"})
    assert refused.value.code == "name_taken"
    assert (names(ada), labels.show(ada, other.id)) == (["Errand", "other"], other)
    assert history.position(ada) == before
    assert labels.create(eve, name="errand").name == "errand"


def test_a_label_may_be_spelt_anew(ada: Actor) -> None:
    label = labels.create(ada, name="errand").id
    assert labels.update(ada, label, {"name": "ERRAND"}).key == "errand"
    assert names(ada) == ["ERRAND"]


def test_labels_are_found_by_their_names_and_made_when_not_there(ada: Actor, eve: Actor) -> None:
    labels.create(eve, name="two")
    one = labels.create(ada, name="One").id
    found = labels.named(ada, [" ONE ", "Two", "two", "one"])
    assert (found[0], len(found)) == (one, 2)
    assert names(ada) == ["One", "two"]
    assert labels.named(ada, ["TWO", "one"]) == labels.named(ada, ["one", "two"])
    with pytest.raises(RuleViolation):
        labels.named(ada, ["three", " "])
    assert names(ada) == ["One", "two"]


def test_merged_labels_are_one_on_every_task_be_it_in_the_trash(ada: Actor) -> None:
    a, b, c = (labels.create(ada, name=name).id for name in "abc")
    only, both, none = (
        tasks.create(ada, title="x", labels=some).id for some in ([a, c], [a, b], [c])
    )
    gone = tasks.create(ada, title="x", labels=[a]).id
    tasks.delete(ada, gone)
    untouched = tasks.show(ada, none)
    assert labels.merge(ada, a, b).id == b
    assert tasks.show(ada, only).labels == [b, c]
    assert tasks.show(ada, both).labels == [b]
    assert tasks.show(ada, none) == untouched
    assert trash.restore(ada, gone, keep=KEEP).labels == [b]
    assert names(ada) == ["b", "c"]


def test_a_merger_is_undone_as_one(ada: Actor) -> None:
    a, b = (labels.create(ada, name=name).id for name in "ab")
    task = tasks.create(ada, title="x", labels=[a]).id
    labels.merge(ada, a, b)
    history.undo(ada, ada.acts[-1])
    assert (names(ada), tasks.show(ada, task).labels) == (["a", "b"], [a])


def test_a_label_is_merged_neither_into_itself_nor_into_anothers(ada: Actor, eve: Actor) -> None:
    label = labels.create(ada, name="errand").id
    for into, code in ((label, "same"), (labels.create(eve, name="hers").id, "no_such")):
        with pytest.raises(RuleViolation) as refused:
            labels.merge(ada, label, into)
        assert [(each.field, each.code) for each in refused.value.faults] == [("into", code)]
    assert names(ada) == ["errand"]


def test_a_label_that_is_removed_is_on_no_task(ada: Actor) -> None:
    a, b = (labels.create(ada, name=name).id for name in "ab")
    task = tasks.create(ada, title="x", labels=[a, b])
    labels.delete(ada, a)
    now = tasks.show(ada, task.id)
    assert (now.labels, now.version, names(ada)) == ([b], task.version + 1, ["b"])


def test_what_is_made_takes_no_labels_from_a_task_of_the_same_number(ada: Actor) -> None:
    label = labels.create(ada, name="errand").id
    level("task", "label")
    ids = [tasks.create(ada, title="x", labels=[label]).id for _ in range(3)]
    assert [labels.create(ada, name=f"label {id_}").id for id_ in ids] == ids
    assert [tasks.show(ada, id_).labels for id_ in ids] == [[label]] * 3


def assert_in_lists(actor: Actor, label: int, task: AnyRow) -> None:
    """A label's lists show a task where the task itself says that it belongs."""
    for completed in (True, False, None):
        found = [row.id for row in tasks.list_page(actor, Filter(completed, label=label)).rows]
        assert found == ([task.id] if completed in (task.completed, None) else [])
    counts = tasks.count(actor, Filter(label=label))
    assert (counts.done, counts.open) == (int(task.completed), int(not task.completed))


def test_the_lists_of_a_label_follow_what_becomes_of_its_tasks(ada: Actor) -> None:
    label = labels.create(ada, name="errand").id
    task = tasks.create(ada, title="x", labels=[label]).id
    assert_in_lists(ada, label, tasks.show(ada, task))

    assert_in_lists(ada, label, tasks.complete(ada, task))
    history.undo(ada, ada.acts[-1])
    assert_in_lists(ada, label, tasks.show(ada, task))
    history.undo(ada, ada.acts[-1])
    assert tasks.show(ada, task).completed
    assert_in_lists(ada, label, tasks.show(ada, task))
    assert_in_lists(ada, label, tasks.complete(ada, task))

    other = labels.create(ada, name="other").id
    assert_in_lists(ada, other, tasks.update(ada, task, {"completed": True, "labels": [other]}))
    history.undo(ada, ada.acts[-1])
    assert_in_lists(ada, label, tasks.show(ada, task))
    bulk.act_on(ada, "complete", Filter(label=label))
    assert_in_lists(ada, label, tasks.show(ada, task))
    tasks.update(ada, task, {"completed": False})
    labels.merge(ada, label, other)
    assert_in_lists(ada, other, tasks.show(ada, task))


def test_a_label_lists_its_tasks_in_the_order_in_which_they_were_made(ada: Actor) -> None:
    label = labels.create(ada, name="errand").id
    made = [tasks.create(ada, title=f"{n}", labels=[label] * (n % 2)).id for n in range(8)][1::2]
    for sort, expected in (("created_at", made), ("-created_at", made[::-1])):
        first = tasks.list_page(ada, Filter(label=label), sort=sort, limit=3)
        then = tasks.list_page(ada, Filter(label=label), sort=sort, limit=3, after=first.end)
        assert [row.id for row in (*first.rows, *then.rows)] == expected
        assert then.end is None


@pytest.mark.parametrize(
    "verb",
    [
        labels.show,
        lambda actor, id_: labels.update(actor, id_, {"color": "red"}),
        lambda actor, id_: labels.merge(actor, id_, id_),
        labels.delete,
    ],
)
def test_to_a_stranger_a_label_is_not_there(ada: Actor, eve: Actor, verb: Any) -> None:
    label = labels.create(ada, name="errand")
    with pytest.raises(NotFound):
        verb(eve, label.id)
    assert labels.show(ada, label.id) == label


def test_a_version_that_was_not_seen_is_left_alone(ada: Actor) -> None:
    label = labels.create(ada, name="errand")
    for seen in ([], [label.version + 1]):
        with pytest.raises(StaleVersion):
            labels.update(ada, label.id, {"color": "red"}, seen=seen)
        with pytest.raises(StaleVersion):
            labels.delete(ada, label.id, seen=seen)
    assert labels.update(ada, label.id, {"color": "red"}, seen=[label.version]).color == "red"

"""GET /api/{user_id}/changes: keeping a copy of what is one's own current"""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from taskapp.services import history

from ..callers import Caller, assert_problem


def follow(caller: Caller, since: int, limit: int = 100) -> tuple[list[dict[str, Any]], int]:
    """All that changed since, page by page, and the position after it."""
    events, more = [], True
    while more:
        answer = caller.get(f"/changes?since={since}&limit={limit}").json
        assert len(answer["events"]) <= limit
        events += answer["events"]
        since, more = answer["position"], answer["more"]
    return events, since


def told(event: dict[str, Any]) -> tuple[str, int, str]:
    """What became of what."""
    return event["kind"], event["thing_id"], event["verb"]


def test_without_a_position_only_the_position_is_told(alice: Caller) -> None:
    assert alice.get("/changes").json == {"events": [], "position": 0, "more": False}
    task = alice.post("/tasks", {"title": "a"})
    answer = alice.get("/changes").json
    assert answer == {"events": [], "position": int(task.headers["X-Act-ID"]), "more": False}
    assert alice.get(f"/changes?since={answer['position']}").json == answer


def test_each_change_is_told_with_what_was_and_what_is(alice: Caller) -> None:
    task = alice.add_task("a", due_on="2026-02-06")
    mark = alice.get("/changes").json["position"]
    label = alice.add("/labels", name="errand")["id"]
    answer = alice.patch(f"/tasks/{task['id']}", {"title": "b", "labels": [label]})
    made, [event] = alice.get("/changes?since=0").json["events"][0], follow(alice, mark)[0][1:]
    assert made["before"] == {}
    assert made["after"]["due_on"] == "2026-02-06"
    assert made["after"]["created_at"] == task["created_at"]
    assert event.pop("at") == answer.json["updated_at"]
    assert event == {
        "id": int(answer.headers["X-Act-ID"]),
        "act": int(answer.headers["X-Act-ID"]),
        "actor_id": alice.id,
        "through": "api",
        "undoes": None,
        "kind": "task",
        "thing_id": task["id"],
        "verb": "updated",
        "before": {"title": "a", "labels": []},
        "after": {"title": "b", "labels": [label]},
    }


def test_changes_come_once_each_in_their_order_page_by_page(alice: Caller) -> None:
    project = alice.add("/projects", name="House")["id"]
    section = alice.add("/sections", name="Hall", project_id=project)["id"]
    label = alice.add("/labels", name="errand")["id"]
    task = alice.add_task("a", section_id=section, labels=[label])["id"]
    alice.patch(f"/tasks/{task}/complete")
    alice.delete(f"/sections/{section}")
    alice.delete(f"/labels/{label}")
    alice.delete(f"/projects/{project}")
    alice.call("POST", "/trash/empty")
    whole, end = follow(alice, 0)
    assert [told(each) for each in whole] == [
        ("project", project, "created"),
        ("section", section, "created"),
        ("label", label, "created"),
        ("task", task, "created"),
        ("task", task, "updated"),
        ("task", task, "updated"),
        ("section", section, "removed"),
        ("task", task, "updated"),
        ("label", label, "removed"),
        ("task", task, "deleted"),
        ("project", project, "deleted"),
        ("task", task, "removed"),
        ("project", project, "removed"),
    ]
    ids = [each["id"] for each in whole]
    assert ids == sorted(set(ids))
    for limit in (1, 2, 5, 13, 14):
        assert follow(alice, 0, limit) == (whole, end)
    for place in (0, 4, 12):
        assert follow(alice, ids[place], 3) == (whole[place + 1 :], end)


def test_more_is_said_only_when_there_is_more(alice: Caller) -> None:
    for title in "abc":
        alice.add_task(title)
    assert alice.get("/changes?since=0&limit=2").json["more"] is True
    assert alice.get("/changes?since=0&limit=3").json["more"] is False


def test_what_is_purged_leaves_word_of_what_it_was(alice: Caller) -> None:
    task = alice.add_task("a")["id"]
    alice.delete(f"/tasks/{task}")
    mark = alice.get("/changes").json["position"]
    alice.delete(f"/trash/{task}")
    [event] = follow(alice, mark)[0]
    assert told(event) == ("task", task, "removed")
    assert event["before"]["title"] == "a"
    assert event["after"] == {}


def test_a_position_yet_to_come_tells_nothing(alice: Caller) -> None:
    alice.add_task()
    far = 2**63 - 1
    answer = alice.get(f"/changes?since={far}").json
    assert answer == {"events": [], "position": far, "more": False}


def test_others_have_changes_of_their_own(alice: Caller, bob: Caller) -> None:
    mine = alice.add_task("a")["id"]
    bob.add_task("b")
    alice.patch(f"/tasks/{mine}", {"title": "c"})
    assert {each["thing_id"] for each in follow(alice, 0)[0]} == {mine}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("since=-1", ("since", "range")),
        ("since=9223372036854775808", ("since", "range")),
        ("since=1.0", ("since", "type")),
        ("since=x", ("since", "type")),
        ("since=", ("since", "type")),
        ("since=0&limit=0", ("limit", "range")),
        ("since=0&limit=501", ("limit", "range")),
        ("since=0&limit=many", ("limit", "type")),
        ("since=0&cursor=x", ("cursor", "unknown")),
    ],
)
def test_a_query_of_the_wrong_shape_is_refused(
    alice: Caller, query: str, fault: tuple[str, str]
) -> None:
    assert_problem(alice.get(f"/changes?{query}"), 422, "invalid", fault)


def test_what_is_no_longer_kept_is_gone(alice: Caller, bob: Caller, app: Flask) -> None:
    alice.add_task("a")
    old = alice.get("/changes").json["position"]
    with app.app_context():
        assert history.prune(keep=timedelta(0)) == 1
    for since in (0, old - 1):
        assert_problem(alice.get(f"/changes?since={since}"), 410, "history_forgotten")
    begun_again = alice.get("/changes").json
    assert begun_again == {"events": [], "position": old, "more": False}
    assert alice.get(f"/changes?since={old}").json == begun_again
    new = alice.add_task("b")["id"]
    assert [told(each) for each in follow(alice, old)[0]] == [("task", new, "created")]
    assert bob.get("/changes?since=0").json["events"] == []


def test_a_refusal_is_no_change(alice: Caller) -> None:
    alice.patch("/tasks/987654321", {"title": "x"})
    alice.post("/tasks", {"title": "x", "project_id": 1})
    alice.post("/labels", {"name": ""})
    assert follow(alice, 0) == ([], 0)
